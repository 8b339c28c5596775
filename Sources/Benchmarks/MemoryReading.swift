import CommandSupport
internal import Concurrency

/// How fast one thread reads memory that no cache holds: what reading a map or R cannot beat.
enum MemoryReading {
    /// Bytes a second, the median of several readings of 256 MiB.
    static func bandwidth() -> Double {
        let values = [Int](repeating: 1, count: 32 << 20)
        var times = Timing()
        var total = 0
        for _ in 0..<5 {
            let start = MonotonicClock.now
            values.withUnsafeBufferPointer { values in
                var sums = SIMD16<Int>()
                for index in stride(from: 0, to: values.count, by: 16) {
                    sums &+= UnsafeRawPointer(values.baseAddress! + index).loadUnaligned(as: SIMD16<Int>.self)
                }
                total &+= sums.wrappedSum()
            }
            times.add(MonotonicClock.now - start)
        }
        // Without a use of the sum nothing would be read.
        precondition(total == 5 * values.count, "the sum is wrong")
        return Double(values.count * MemoryLayout<Int>.stride) / times.median
    }
}
