internal import LinearAlgebra

extension SavedState {
    /// What rounding in earlier states has left in G at most.
    ///
    /// States that older programs have saved do not say it. Where nothing maps the rows and all are of some class, the second moments of
    /// the classes say once more what the diagonal of G is: sums that have lost their digits differ from them by what is lost.
    ///
    /// - Complexity: O(1), or O(d·C) for a state of an older program.
    var pastError: Double {
        if let sumError { return sumError }
        guard configuration.featureMap == .identity, samples > 0, counts.reduce(0, +) == samples else { return 0 }
        let dimension = configuration.dimension
        var sum = 0.0
        for index in 0..<dimension {
            let square = gram[index * (index + 1) / 2 + index]
            var expected = 0.0
            for (column, count) in counts.enumerated() {
                let mean = mean[column * dimension + index]
                expected += m2[column * dimension + index] + Double(count) * mean * mean
            }
            let difference = abs(square - expected)
            if difference > Self.certainDigits * max(abs(square), expected) { sum += difference }
        }
        return min(sum, SumError.largestBound)
    }

    /// The relative difference that the rounding of both sums may make of a long stream: some thirty bits of 53 agree whatever was learned.
    private static let certainDigits = 0x1p-32
}
