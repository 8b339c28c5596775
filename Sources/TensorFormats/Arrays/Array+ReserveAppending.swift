extension Array {
    /// Makes room for so many elements more.
    ///
    /// `reserveCapacity` makes the room that is asked for, exactly: where something is appended again and again, each piece with its own
    /// reservation, every one of them moves all elements, and n pieces cost n² copies. This grows as `append` does, by doubling, and so
    /// each element is moved twice at most, however many pieces there are. The first reservation of an empty array is exact.
    ///
    /// - Complexity: amortised O(`count`).
    @inlinable
    package mutating func reserveAppending(_ count: Int) {
        let (needed, overflow) = self.count.addingReportingOverflow(count)
        guard !overflow, needed > capacity else { return }
        reserveCapacity(Swift.max(needed, 2 * capacity))
    }
}
