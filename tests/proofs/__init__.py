"""The sandbox, spoken to by tools that know nothing of this package: one script a wire format or answer.

By hand, beside `python -m eyeson_meetings.sandbox --auto-connect`:

    sh tests/proofs/form.sh http://127.0.0.1:8900 sandbox-api-key
    python -m tests.proofs.client_socket http://127.0.0.1:8900 sandbox-api-key
"""
