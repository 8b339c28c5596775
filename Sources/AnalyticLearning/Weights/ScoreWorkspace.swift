/// Buffers of a prediction, kept by a thread so that requests allocate nothing once they have grown.
public struct ScoreWorkspace: Sendable {
    /// H [n, stride].
    var mapped: [Float] = []
    /// n·C scores, row after row.
    public internal(set) var scores: [Float] = []

    /// Empty buffers.
    public init() {}

    mutating func resize(mapped mappedCount: Int, scores scoreCount: Int) {
        Self.resize(&mapped, mappedCount)
        Self.resize(&scores, scoreCount)
    }

    private static func resize(_ array: inout [Float], _ count: Int) {
        if array.count > count {
            array.removeLast(array.count - count)
        } else if array.count < count {
            array.append(contentsOf: repeatElement(0, count: count - array.count))
        }
    }

    /// Gives back memory that a rare large request left behind.
    public mutating func trim(above count: Int) {
        if mapped.capacity > count { mapped = [] }
        if scores.capacity > count { scores = [] }
    }
}
