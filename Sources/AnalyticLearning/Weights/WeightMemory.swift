/// The elements of a `WeightTable`: filled by one thread, then read by any number, and filled again once no reader is left.
///
/// `@unchecked Sendable`: elements change only in `filled`, and only in memory to which the caller has the only reference. Whoever could
/// read it has then released it, and nobody can get a new reference to it: as for an array that is changed in place.
final class WeightMemory: @unchecked Sendable {
    private var elements: [Float]

    private init(_ elements: [Float]) { self.elements = elements }

    /// Calls `fill` with memory for `count` elements, then shares it.
    ///
    /// - Parameters:
    ///   - spare: is taken if it has the right size and nobody else refers to it.
    ///   - fill: must set every element; they are undefined.
    static func filled(
        _ count: Int, reusing spare: inout WeightMemory?, _ fill: (UnsafeMutableBufferPointer<Float>) -> Void
    ) -> WeightMemory {
        if isKnownUniquelyReferenced(&spare), let memory = spare, memory.elements.count == count {
            spare = nil
            memory.elements.withUnsafeMutableBufferPointer { fill($0) }
            return memory
        }
        return WeightMemory(
            [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
                initialized = count
            })
    }

    /// Calls `body` with the elements.
    @inline(__always) func withUnsafeBufferPointer<R>(_ body: (UnsafeBufferPointer<Float>) -> R) -> R {
        elements.withUnsafeBufferPointer(body)
    }
}
