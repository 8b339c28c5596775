internal import LinearAlgebra

/// The memory that models take: each part states its own, and this adds them up.
///
/// In doubles, and as `Double`, which no product of three extents overflows.
enum MemoryEstimate {
    /// For a model between requests.
    static func model(_ configuration: ModelConfiguration, classes: Double) -> Double {
        let (width, dimension) = (configuration.width, configuration.dimension)
        var doubles = SymmetricPair.bytes(dimension: width).map { Double($0) / 8 } ?? .infinity
        // The compensation of G's sums.
        if SymmetricPair.isCompensated(dimension: width) { doubles += Double(width) * Double(width) }
        doubles += Truth.doubles(width: width, dimension: dimension, classes: classes)
        doubles += ClassSketches.doubles(configuration.sketchRank, width: width, classes: classes)
        doubles += FeatureMap.doubles(configuration.featureMap, dimension: dimension, width: width)
        doubles += RecursiveView.doubles(width: width, classes: classes, mapsRows: configuration.featureMap != .identity)
        // Each published state has its own weights; readers may still hold the one before.
        doubles += 2 * PublishedWeights.doubles(width: width, classes: classes)
        if configuration.imbalance != .none {
            doubles += BalancedWeights.doubles(width: width, classes: classes) + PublishedWeights.doubles(width: width, classes: classes)
        }
        return doubles
    }

    /// In bytes; nil if the number does not fit a 64-bit integer.
    static func bytes(_ doubles: Double) -> Int? {
        let bytes = doubles * 8
        return bytes < 9e18 ? Int(bytes) : nil
    }
}

extension ModelConfiguration {
    /// Bytes that a model with this many classes holds between requests: mostly 8D², for the square of G and R.
    ///
    /// - Returns: nil if the number does not fit a 64-bit integer.
    public func estimatedBytes(classes: Int) -> Int? { MemoryEstimate.bytes(MemoryEstimate.model(self, classes: Double(classes))) }

    /// Bytes that computing balanced weights takes for this many classes: mostly 8D², for one square.
    ///
    /// Sketches that are written meanwhile are copied and add to it. An ill-conditioned matrix takes 2D²·8 more.
    ///
    /// - Returns: nil if the number does not fit a 64-bit integer; 0 if no balanced weights are wanted.
    public func estimatedBalanceBytes(classes: Int) -> Int? {
        guard imbalance != .none else { return 0 }
        return MemoryEstimate.bytes(BalanceProblem.doubles(imbalance, width: width, dimension: dimension, classes: Double(classes)))
    }

    /// Bytes for each further class.
    public var bytesPerClass: Int? {
        guard let none = estimatedBytes(classes: 0), let some = estimatedBytes(classes: 1024) else { return nil }
        return (some - none) / 1024
    }
}
