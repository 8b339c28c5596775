/// Durations counted in fixed buckets from a tenth of a millisecond to ten seconds, as for a Prometheus histogram.
package struct DurationCounts: Sendable, Equatable {
    /// The upper bounds of the buckets in seconds, inclusive and ascending; one more bucket counts longer durations.
    package static let bounds: [Double] = nanosecondBounds.map { Double($0) / 1e9 }

    /// In nanoseconds.
    static let nanosecondBounds: [Int64] = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]

    /// The number of buckets, including that of the longest durations.
    package static let bucketCount = 17

    /// The durations in each bucket, not accumulated; the last bucket counts those beyond all bounds.
    package var buckets = [UInt64](repeating: 0, count: bucketCount)
    /// The sum of the durations in nanoseconds.
    package var nanoseconds: UInt64 = 0

    package init() {}

    package var count: UInt64 { buckets.reduce(0, &+) }

    /// The sum of the durations in seconds.
    package var seconds: Double { Double(nanoseconds) / 1e9 }

    /// Counts a duration.
    ///
    /// - Parameter duration: in nanoseconds; a negative one counts as 0.
    package mutating func add(nanoseconds duration: Int64) {
        buckets[Self.bucket(of: duration)] &+= 1
        nanoseconds &+= UInt64(max(0, duration))
    }

    /// Adds other counts to these.
    package mutating func add(_ other: DurationCounts) {
        for bucket in buckets.indices { buckets[bucket] &+= other.buckets[bucket] }
        nanoseconds &+= other.nanoseconds
    }

    /// What was counted since earlier counts; nothing in a bucket that has fewer than then.
    package func growth(since earlier: DurationCounts) -> DurationCounts {
        var growth = DurationCounts()
        for (bucket, count) in buckets.enumerated() where count > earlier.buckets[bucket] {
            growth.buckets[bucket] = count - earlier.buckets[bucket]
        }
        if nanoseconds > earlier.nanoseconds { growth.nanoseconds = nanoseconds - earlier.nanoseconds }
        return growth
    }

    /// A quantile in seconds, linear inside a bucket as Prometheus computes it; the largest bound if it lies beyond all. Nil if nothing was
    /// counted.
    ///
    /// - Parameter share: of the durations that are at most as long, above 0 and at most 1.
    package func quantile(_ share: Double) -> Double? {
        let total = count
        guard total > 0 else { return nil }
        let rank = share * Double(total)
        var below = 0.0
        for (bucket, bound) in Self.bounds.enumerated() {
            let count = Double(buckets[bucket])
            if count > 0, below + count >= rank {
                let lower = bucket > 0 ? Self.bounds[bucket - 1] : 0
                return lower + (bound - lower) * (rank - below) / count
            }
            below += count
        }
        return Self.bounds.last
    }

    /// The bucket of a duration.
    package static func bucket(of nanoseconds: Int64) -> Int {
        var bucket = 0
        while bucket < nanosecondBounds.count, nanoseconds > nanosecondBounds[bucket] { bucket += 1 }
        return bucket
    }
}
