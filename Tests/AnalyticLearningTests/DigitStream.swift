import AnalyticLearning

/// The digits in a fixed random order, in requests of 1 to 20 rows.
struct DigitStream {
    let digits: Digits
    let order: [Int]
    var requests: [Range<Int>] = []

    init(seed: UInt64) throws {
        digits = try Digits()
        var generator = SplitMix64(state: seed)
        order = Array(digits.labels.indices).shuffled(using: &generator)
        var start = 0
        while start < order.count {
            let end = min(order.count, start + Int.random(in: 1...20, using: &generator))
            requests.append(start..<end)
            start = end
        }
    }

    func labels(_ range: Range<Int>) -> [String] { order[range].map { "\(digits.labels[$0])" } }

    func learn(_ range: Range<Int>, _ classifier: Classifier) throws {
        try classifier.learn(features: digits.rows(order[range]), labels: labels(range))
    }

    /// Learns some requests as one block, as a group commit does.
    func learn(together ranges: ArraySlice<Range<Int>>, _ classifier: Classifier) throws {
        var (columns, spans): ([Int], [RequestSpan]) = ([], [])
        for range in ranges {
            spans.append(RequestSpan(rows: range.count, knownClasses: classifier.registry.count))
            columns += classifier.intern(labels(range))
        }
        let rows = digits.rows(order[ranges.first!.lowerBound..<ranges.last!.upperBound])
        _ = try rows.withUnsafeBufferPointer { try classifier.learn(features: $0, columns: columns, spans: spans) }
    }
}
