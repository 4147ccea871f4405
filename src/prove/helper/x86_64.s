# What bulkhead prove runs inside a container: it makes the system calls that it is told, and says what came of each.
#
# It reads a program from standard input into BASE, runs it, writes the whole of it back to standard output, and
# reads the next. A program begins with its length in bytes (8 bytes, this header counted) and 8 bytes of nothing;
# then instructions of nine words of 8 bytes each:
#
#   number, six arguments, flags, result
#
#   flags 1 to 32   the first to the sixth argument is the address of the value (the result of another instruction)
#   flags 64        where the result is 0 (a child of clone), go on at the address in the sixth argument
#   flags 128       go on there in any case
#   flags 256       make it by int $0x80: a 32-bit call (x86-64 only; arm64 has none in a 64-bit process)
#
# The number -1 ends it. The memory at BASE is shared with children, so their results come back, too. It ends when
# its standard input does, or after a minute without a program: it cannot outlive anyone who holds the other end.
# With arguments it ends at once: as the interpreter of a script it shows that the script ran.
#
# scripts/prove-helper.ts assembles it into elf.ts.

.set BASE, 0x10000000
.set SIZE, 0x400000

.globl _start
_start:
    cmpq $1, (%rsp)
    ja bye
    mov $9, %eax                # mmap(BASE, SIZE, READ | WRITE, SHARED | FIXED | ANONYMOUS, -1, 0)
    mov $BASE, %edi
    mov $SIZE, %esi
    mov $3, %edx
    mov $0x31, %r10d
    mov $-1, %r8
    xor %r9d, %r9d
    syscall
    cmp $BASE, %rax
    jne broken
next:
    mov $BASE, %r12d
    mov $8, %r13d
    call fill
    mov BASE, %r13
    cmp $SIZE, %r13
    ja broken
    sub $8, %r13
    jbe broken
    mov $BASE + 8, %r12d
    call fill
    mov $BASE + 16, %ebx
step:
    mov (%rbx), %rax
    cmp $-1, %rax
    je done
    mov 56(%rbx), %rbp
    mov 8(%rbx), %rdi
    test $1, %bpl
    jz 1f
    mov (%rdi), %rdi
1:  mov 16(%rbx), %rsi
    test $2, %bpl
    jz 2f
    mov (%rsi), %rsi
2:  mov 24(%rbx), %rdx
    test $4, %bpl
    jz 3f
    mov (%rdx), %rdx
3:  mov 32(%rbx), %r10
    test $8, %bpl
    jz 4f
    mov (%r10), %r10
4:  mov 40(%rbx), %r8
    test $16, %bpl
    jz 5f
    mov (%r8), %r8
5:  mov 48(%rbx), %r9
    test $32, %bpl
    jz 6f
    mov (%r9), %r9
6:  test $256, %ebp
    jnz narrow
    syscall
made:
    test $64, %bpl
    jz 7f
    test %rax, %rax
    jz jump                     # a child leaves the result to its parent, for they share the memory
7:  mov %rax, 64(%rbx)
    test $128, %bpl
    jz onward
jump:
    mov 48(%rbx), %rbx
    jmp step
narrow:                         # ebx, ecx, edx, esi, edi, ebp; r12 and r13 keep what it takes from us
    mov %rbx, %r12
    mov %rbp, %r13
    mov %edi, %ebx
    mov %esi, %ecx
    mov %r10d, %esi
    mov %r8d, %edi
    mov %r9d, %ebp
    int $0x80
    mov %r12, %rbx
    mov %r13, %rbp
    cltq
    jmp made
onward:
    add $72, %rbx
    jmp step
done:
    mov $BASE, %r12d
    mov BASE, %r13
drain:
    test %r13, %r13
    jz next
    mov $1, %eax                # write(1, …)
    mov $1, %edi
    mov %r12, %rsi
    mov %r13, %rdx
    syscall
    test %rax, %rax
    jle bye
    add %rax, %r12
    sub %rax, %r13
    jmp drain
fill:                           # reads r13 bytes to r12, or ends
    test %r13, %r13
    jz filled
    push $0                     # the kernel writes into the time that it is given, so it is made anew
    push $60
    mov $1, %eax                # { fd 0, POLLIN }
    shl $32, %rax
    push %rax
    mov $271, %eax              # ppoll
    mov %rsp, %rdi
    mov $1, %esi
    lea 8(%rsp), %rdx
    xor %r10d, %r10d
    syscall
    add $24, %rsp
    test %rax, %rax
    jz bye
    xor %eax, %eax              # read(0, …)
    xor %edi, %edi
    mov %r12, %rsi
    mov %r13, %rdx
    syscall
    test %rax, %rax
    jle bye
    add %rax, %r12
    sub %rax, %r13
    jmp fill
filled:
    ret
bye:
    xor %edi, %edi
    jmp exit
broken:
    mov $3, %edi
exit:
    mov $231, %eax              # exit_group
    syscall
