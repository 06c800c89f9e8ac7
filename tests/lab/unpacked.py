# SPDX-License-Identifier: Apache-2.0
"""Debian's kernel as an image that starts without unpacking itself: an emulator of a single CPU's every detail needs a
minute for that. It is the same kernel, behind the same set-up code for BIOS machines."""
import lzma
import struct
import subprocess
from pathlib import Path

import packages
from cache import built, recipe
from kernel import Kernel

ENTRY = Path(__file__).resolve().parent / "guest/entry.s"
LOAD_ADDRESS = 0x100000  # where boot loaders put the protected-mode part of an image that cannot be moved
# Of the set-up header, see Documentation/x86/boot.rst
SETUP_SECTORS, SIZE_IN_PARAGRAPHS, RELOCATABLE, PAYLOAD = 0x1F1, 0x1F4, 0x234, 0x248
ELF_ENTRY, ELF_SEGMENTS, ELF_SEGMENT_COUNT, SEGMENT_BYTES, LOADED = 24, 32, 56, 56, 1


def split(image: bytes):
    """The set-up code with its header, and the kernel itself as an ELF file."""
    length = ((image[SETUP_SECTORS] or 4) + 1) * 512
    offset, size = struct.unpack_from("<II", image, PAYLOAD)
    packed = image[length + offset:length + offset + size]
    if not packed.startswith(b"\xfd7zXZ"):
        raise packages.Missing(f"the kernel is packed in a way that this does not know: {packed[:6].hex()}")
    return bytearray(image[:length]), lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed)


def laid_out(elf: bytes) -> bytearray:
    """The memory from LOAD_ADDRESS on, with each segment at its physical address. The kernel clears its last zeros itself."""
    memory = bytearray()
    start, = struct.unpack_from("<Q", elf, ELF_SEGMENTS)
    count, = struct.unpack_from("<H", elf, ELF_SEGMENT_COUNT)
    for number in range(count):
        kind, _, offset, _, physical, size = struct.unpack_from("<IIQQQQ", elf, start + number * SEGMENT_BYTES)
        if kind == LOADED:
            place = physical - LOAD_ADDRESS
            memory.extend(bytes(max(0, place + size - len(memory))))
            memory[place:place + size] = elf[offset:offset + size]
    memory = memory.rstrip(b"\0")
    return memory + bytes(-len(memory) % 16)


def entry(folder: Path, kernel_entry: int, vmx_off: bool) -> bytes:
    symbols = ["--defsym", f"KERNEL={kernel_entry:#x}"] + (["--defsym", "VMX_OFF=1"] if vmx_off else [])
    subprocess.run(["as", "--64", *symbols, "-o", folder / "entry.o", ENTRY], check=True)
    subprocess.run(["ld", f"-Ttext={LOAD_ADDRESS:#x}", "--oformat=binary", "-o", folder / "entry", folder / "entry.o"],
                   check=True)
    return (folder / "entry").read_bytes()


def unpacked(which: Kernel, vmx_off: bool) -> Path:
    """An image for boot loaders; with vmx_off it starts as if the firmware had switched VT-x off."""

    def make(folder: Path) -> None:
        setup, elf = split(which.image.read_bytes())
        memory = laid_out(elf)
        first = entry(folder, struct.unpack_from("<Q", elf, ELF_ENTRY)[0], vmx_off)
        memory[:len(first)] = first
        struct.pack_into("<I", setup, SIZE_IN_PARAGRAPHS, len(memory) // 16)
        setup[RELOCATABLE] = 0
        (folder / "vmlinuz").write_bytes(setup + memory)

    kind = "unpacked-vmx-off" if vmx_off else "unpacked"
    return built(kind, [str(which.image), recipe(ENTRY, Path(__file__))], make) / "vmlinuz"
