// SPDX-License-Identifier: Apache-2.0
// What the probes run inside a guest. Each piece is copied to a fixed address (kvm/internal/layout.hpp) and talks by OUT:
// port 0xE9 carries one letter, its result; port 0xEA carries the number of an exception that should not have happened.
#include "pieces.inc"

.section .rodata

// 16 bit: adds, says '4', halts.
.code16
guest real
    movb $2, %al
    movb $2, %bl
    addb %bl, %al
    addb $0x30, %al
    outb %al, $WORD_PORT
    hlt
end_guest real

// 64 bit: stores through the page tables, reads back, makes CPUID leave the guest, says 'K', halts. RDI: where to store;
// RSI: what.
.code64
guest long
    movq %rsi, (%rdi)
    cmpq (%rdi), %rsi
    jne 1f
    xorl %eax, %eax
    cpuid
    movb $'K', %al
    outb %al, $WORD_PORT
1:  hlt
end_guest long

// 64 bit, any privilege: counts ECX down to nothing, then says 'S'.
guest loop
1:  decl %ecx
    jnz 1b
    movb $'S', %al
    outb %al, $WORD_PORT
2:  jmp 2b
end_guest loop

// 64 bit: makes CPUID leave the guest ECX times, then says 'S', then 'x' for ever: what an exit costs.
guest exits
1:  movl %ecx, %esi
    xorl %eax, %eax
    cpuid
    movl %esi, %ecx
    decl %ecx
    jnz 1b
    movb $'S', %al
    outb %al, $WORD_PORT
    movb $'x', %al
2:  outb %al, $WORD_PORT
    jmp 2b
end_guest exits

// 64 bit: never ends. What the watchdog is tested with.
guest spin
1:  jmp 1b
end_guest spin

// One stub of 8 bytes for each of the 32 exceptions: the number, then the common part.
guest faults
.set vector, 0
.rept 32
    .balign 8
    pushq $vector
    jmp 1f
    .set vector, vector + 1
.endr
    .balign 8
1:  popq %rax
    outb %al, $FAULT_PORT
    hlt
end_guest faults

.section .note.GNU-stack, "", @progbits
