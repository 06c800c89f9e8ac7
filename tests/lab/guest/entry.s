# SPDX-License-Identifier: Apache-2.0
# What stands before Debian's kernel once it is unpacked: the 32-bit entry of Linux's boot protocol (protected mode, flat
# segments, %esi holds boot_params), and the way from there to the kernel's 64-bit entry. KERNEL is that entry's address.
    .code32
    .globl _start
_start:
.ifdef VMX_OFF
    # IA32_FEATURE_CONTROL: locked, VMX off. This is how a firmware leaves it whose setup says so; the lock holds until reset.
    movl $0x3a, %ecx
    movl $1, %eax
    xorl %edx, %edx
    wrmsr
.endif
    lgdt segments_pointer
    movl %cr4, %eax
    orl $0x20, %eax # physical address extension
    movl %eax, %cr4
    movl $page_table, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx # EFER
    rdmsr
    orl $0x100, %eax # long mode
    wrmsr
    movl %cr0, %eax
    orl $0x80000000, %eax # paging
    movl %eax, %cr0
    ljmp $0x10, $long_mode
    .code64
long_mode:
    movl $0x18, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %esi, %esi # clears the upper half
    movl $KERNEL, %eax
    jmp *%rax

    .balign 8
segments:
    .quad 0, 0, 0x00af9a000000ffff, 0x00cf92000000ffff # at 0x10 and 0x18, where the protocol wants them
segments_pointer:
    .word segments_pointer - segments - 1
    .long segments

    # The first 4 GiB at their own addresses.
    .balign 4096
page_table:
    .quad gibibytes + 3
    .balign 4096
gibibytes:
    .quad 0x00000083, 0x40000083, 0x80000083, 0xc0000083
    .balign 4096
