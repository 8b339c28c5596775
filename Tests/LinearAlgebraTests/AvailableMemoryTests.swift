import Foundation
import Testing

@testable import LinearAlgebra

@Suite struct AvailableMemoryTests {
    @Test func numbersAndValues_areReadFromTheKernelsText() {
        #expect(AvailableMemory.numbers(in: "100 20 3 x 4\n") == [100, 20, 3])
        #expect(AvailableMemory.numbers(in: "max\n") == [])
        #expect(AvailableMemory.value(of: "MemAvailable:", in: "MemTotal: 5 kB\nMemAvailable:   42 kB\n") == 42)
        #expect(AvailableMemory.value(of: "SwapFree:", in: "MemTotal: 5 kB\n") == nil)
    }

    /// If the kernel reports nothing, as in some sandboxes, nothing can be checked.
    private static let isTold = AvailableMemory.bytes != nil

    @Test(.enabled(if: isTold, "the system does not say how much memory it has")) func theMachine_hasSomeMemory() throws {
        let bytes = try #require(AvailableMemory.bytes)
        #expect(bytes > 0)
    }

    @Test(.enabled(if: isTold, "the system does not say how much memory it has"))
    func aSquareLargerThanTheMachine_isRefusedBeforeItIsMapped() throws {
        // There is address space for 16 TiB, and the kernel would promise it, but there is no such memory.
        let error = #expect(throws: LinearAlgebraError.self) { _ = try Matrix(rows: 1 << 20, columns: 1 << 21) }
        #expect(error == .outOfMemory(bytes: 1 << 44))
        #expect(throws: LinearAlgebraError.self) { _ = try SymmetricPair(dimension: 1 << 21) }
    }

    /// Twice this is promised: less than half of what is available. Other memory of the process, such as sanitizers' shadows, counts as a
    /// kept part of the promise.
    private static let size = 1 << 30
    private static var canTell: Bool {
        let held = AvailableMemory.numbers(in: (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? "")
        guard let free = AvailableMemory.bytes, held.count >= 3 else { return false }
        return free > 4 * size && (held[1] - held[2]) * sysconf(Int32(_SC_PAGESIZE)) < size / 2
    }

    @Test(.enabled(if: canTell, "too little memory is free, or this process holds too much"))
    func whatIsPromisedAndNotTouched_isCounted() throws {
        // Other processes and tests allocate and free meanwhile: it must show at least once.
        var isCounted = false
        for _ in 0..<100 where !isCounted {
            let before = try #require(AvailableMemory.bytes)
            let first = try Matrix(rows: Self.size / 8, columns: 1)
            let second = try Matrix(rows: Self.size / 8, columns: 1)
            let after = try #require(AvailableMemory.bytes)
            isCounted = after < before - Self.size / 2
            #expect(first.rows + second.rows == Self.size / 4)
        }
        #expect(isCounted)
    }
}
