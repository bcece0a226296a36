"""Where the socket is, and how a page learns of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse, set_script_prefix

from eyeson_meetings.live.addresses import guest_socket_address, socket_address
from eyeson_meetings.models import Room
from eyeson_meetings.services.guests import guest_token_for


def test_the_address_is_that_of_the_route(room: Room) -> None:
    assert socket_address(room.uuid) == f"/ws/eyeson/rooms/{room.uuid}/"


def test_a_site_below_a_prefix_has_its_sockets_there(room: Room) -> None:
    set_script_prefix("/site/")
    try:
        assert socket_address(room.uuid) == f"/site/ws/eyeson/rooms/{room.uuid}/"
    finally:
        set_script_prefix("/")


@pytest.mark.parametrize("layers", [None, {}, {"other": {}}])
def test_a_site_without_a_channel_layer_has_none(room: Room, settings: Any, layers: Any) -> None:
    settings.CHANNEL_LAYERS = layers

    assert socket_address(room.uuid) == ""
    assert guest_socket_address("a:b:c") == ""


def test_the_status_tag_names_it_to_the_page(room: Room, member: Any, settings: Any) -> None:
    request = RequestFactory().get("/")
    request.user = member
    template = Template("{% load eyeson %}{% eyeson_status room %}")

    live = template.render(Context({"room": room, "request": request}))
    del settings.CHANNEL_LAYERS
    polling = template.render(Context({"room": room, "request": request}))

    assert f'socket="/ws/eyeson/rooms/{room.uuid}/"' in live
    assert "socket=" not in polling


def test_the_guest_page_names_the_socket_of_its_link(
    room: Room, client: Client, settings: Any
) -> None:
    Room.objects.filter(pk=room.pk).update(guest_access=Room.GuestAccess.LINK)
    token = guest_token_for(room=room)
    page = reverse("eyeson:guest", args=[token])

    live = client.get(page).content.decode()
    del settings.CHANNEL_LAYERS
    polling = client.get(page).content.decode()

    assert f'socket="/ws/eyeson/guest/{token}/"' in live
    assert "socket=" not in polling
