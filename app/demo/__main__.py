"""`python -m app.demo`: the demo with every option, also those that only tests and rehearsals want."""

import argparse

from app.demo.run import TAMPER, Script, main


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="compare, stop everything, and exit 0 only if all agrees")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object on standard output")
    parser.add_argument("--port", type=int, help="of the dashboard; 8000 or a free one otherwise")
    parser.add_argument("--database", default="", metavar="URL", help="an empty PostgreSQL database of its own")
    parser.add_argument("--broker", default="", metavar="URL", help="Redis; makes separate processes")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--size", type=int, default=8, help="Stripe customers with ordinary sales")
    spoil = "spoil one NetSuite record before the comparison; may be given several times"
    parser.add_argument("--tamper", choices=sorted(TAMPER), action="append", default=[], help=spoil)
    parser.add_argument("--lossy", action="store_true", help="a fifth of all webhooks never arrives; sweeps find it")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = _options()
    raise SystemExit(
        main(
            chosen.once,
            chosen.json,
            port=chosen.port,
            database_url=chosen.database,
            broker_url=chosen.broker,
            script=Script(chosen.seed, chosen.size, tuple(chosen.tamper), chosen.lossy),
        )
    )
