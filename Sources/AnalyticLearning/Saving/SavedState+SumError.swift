internal import LinearAlgebra

extension SavedState {
    /// The bound of the rounding errors that earlier states have left in G.
    ///
    /// States saved by older programs do not contain it. If no map is used and all rows have a class, the class moments give the
    /// diagonal of G a second time: the difference shows what the sums have lost.
    ///
    /// - Complexity: O(1); O(d·C) for a state of an older program.
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

    /// The relative difference that rounding of both sums may make over a long stream: about thirty of 53 bits always agree.
    private static let certainDigits = 0x1p-32
}
