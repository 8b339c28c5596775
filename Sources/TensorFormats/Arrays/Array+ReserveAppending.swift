extension Array {
    /// Reserves space for `count` more elements.
    ///
    /// `reserveCapacity` reserves exactly the requested space. If an array is appended to repeatedly, each time with its own reservation,
    /// every reservation moves all elements, and n appends cost n² copies. This grows by doubling, as `append` does, so each element is
    /// moved at most twice, however many appends there are. The first reservation of an empty array is exact.
    ///
    /// - Complexity: amortised O(`count`).
    @inlinable
    package mutating func reserveAppending(_ count: Int) {
        let (needed, overflow) = self.count.addingReportingOverflow(count)
        guard !overflow, needed > capacity else { return }
        reserveCapacity(Swift.max(needed, 2 * capacity))
    }
}
