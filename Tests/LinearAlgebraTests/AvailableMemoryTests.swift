import Testing

@testable import LinearAlgebra

@Suite struct AvailableMemoryTests {
    @Test func numbersAndValues_areReadFromTheKernelsText() {
        #expect(AvailableMemory.numbers(in: "100 20 3 x 4\n") == [100, 20, 3])
        #expect(AvailableMemory.numbers(in: "max\n") == [])
        #expect(AvailableMemory.value(of: "MemAvailable:", in: "MemTotal: 5 kB\nMemAvailable:   42 kB\n") == 42)
        #expect(AvailableMemory.value(of: "SwapFree:", in: "MemTotal: 5 kB\n") == nil)
    }

    @Test func theMachine_hasSomeMemory() throws {
        let bytes = try #require(AvailableMemory.bytes)
        #expect(bytes > 0)
    }

    @Test func aSquareLargerThanTheMachine_isRefusedBeforeItIsMapped() throws {
        // Address space for 16 TiB there is, and the kernel would promise it; memory there is not.
        let error = #expect(throws: LinearAlgebraError.self) { _ = try Matrix(rows: 1 << 20, columns: 1 << 21) }
        #expect(error == .outOfMemory(bytes: 1 << 44))
        #expect(throws: LinearAlgebraError.self) { _ = try SymmetricPair(dimension: 1 << 21) }
    }

    @Test func whatIsPromisedAndNotTouched_isCounted() throws {
        let before = try #require(AvailableMemory.bytes)
        let size = 1 << 30
        try #require(before > 4 * size)
        let first = try Matrix(rows: size / 8, columns: 1)
        let second = try Matrix(rows: size / 8, columns: 1)
        let after = try #require(AvailableMemory.bytes)
        // Others on the machine take and give meanwhile, and what else this process holds counts against the promise.
        #expect(after < before - size / 2)
        #expect(first.rows + second.rows == size / 4)
    }
}
