// SPDX-License-Identifier: Apache-2.0
// A guest that runs a guest of its own. The outer piece (L1) is a hypervisor of a few instructions, the inner one (L2)
// leaves a mark and calls back. Both run in 64 bit mode on the same page tables.
// RDI: the report (kvm/internal/layout.hpp, report_*): the exit's reason, a detail, the inner guest's mark, and two
// physical addresses: the host save area (AMD) or the VMXON region (Intel), and the VMCS. RSI: the VMCB, or the table of
// what to write into the VMCS. Port 0xE9 carries one letter: how far it came.
#include "pieces.inc"

#define REASON (%rdi)
#define DETAIL 8(%rdi)
#define MARK 16(%rdi)
#define REGION 24(%rdi)
#define VMCS 32(%rdi)

.section .rodata
.code64

// Says 'S' when the inner guest has come back.
guest svm
    movl $0xc0000080, %ecx      // EFER
    rdmsr
    orl $0x1000, %eax           // SVME
    wrmsr
    movl $0xc0010117, %ecx      // VM_HSAVE_PA
    movq REGION, %rax
    xorl %edx, %edx
    wrmsr
    movq %rsi, %rax
    clgi
    vmrun %rax
    stgi
    movq 0x70(%rsi), %rax       // VMCB: exit code
    movq %rax, REASON
    movq 0x78(%rsi), %rax       // VMCB: exit information 1
    movq %rax, DETAIL
    movb $'S', %al
    outb %al, $WORD_PORT
    hlt
end_guest svm

// "SVM L2"
guest svm_inner
    movabsq $0x324c204d5653, %rax
    movq %rax, MARK
    vmmcall
    hlt
end_guest svm_inner

// Says 'V' when the inner guest has come back, 'O' if VMXON failed, 'W' if a field could not be written (which: detail),
// 'F' if another VMX instruction failed (its error number: detail).
guest vmx
    movq %cr4, %rax
    orl $0x2000, %eax           // VMXE
    movq %rax, %cr4
    vmxon REGION
    jbe 7f
    vmclear VMCS
    jbe 6f
    vmptrld VMCS
    jbe 6f
1:  movq (%rsi), %rax           // pairs of field and value; the last field is all ones
    cmpq $-1, %rax
    je 2f
    movq 8(%rsi), %rdx
    vmwrite %rdx, %rax
    jbe 5f
    addq $16, %rsi
    jmp 1b
2:  movl $0x6c14, %eax          // HOST_RSP
    movq %rsp, %rdx
    vmwrite %rdx, %rax
    movl $0x6c16, %eax          // HOST_RIP
    leaq 4f(%rip), %rdx
    vmwrite %rdx, %rax
    vmlaunch
    jmp 6f
4:  movl $0x4402, %eax          // VM_EXIT_REASON
    vmread %rax, %rdx
    movq %rdx, REASON
    movl $0x6400, %eax          // EXIT_QUALIFICATION
    vmread %rax, %rdx
    movq %rdx, DETAIL
    vmxoff
    movb $'V', %al
    jmp 8f
5:  movq %rax, DETAIL
    movb $'W', %al
    jmp 8f
6:  movl $0x4400, %eax          // VM_INSTRUCTION_ERROR
    vmread %rax, %rdx
    movq %rdx, DETAIL
    movb $'F', %al
    jmp 8f
7:  movb $'O', %al
8:  outb %al, $WORD_PORT
    hlt
end_guest vmx

// "VMX L2"
guest vmx_inner
    movabsq $0x324c20584d56, %rax
    movq %rax, MARK
    vmcall
    hlt
end_guest vmx_inner

.section .note.GNU-stack, "", @progbits
