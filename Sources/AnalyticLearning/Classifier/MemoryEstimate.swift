internal import LinearAlgebra

/// The memory that models take: each part states its own, and this adds them up.
///
/// In doubles, and as `Double`, which no product of three extents overflows.
enum MemoryEstimate {
    /// For a model at rest.
    static func resting(_ configuration: ModelConfiguration, classes: Double) -> Double {
        let (width, dimension) = (configuration.width, configuration.dimension)
        var doubles = SymmetricPair.bytes(dimension: width).map { Double($0) / 8 } ?? .infinity
        doubles += Double(SymmetricPair.compensationCount(dimension: width))
        doubles += Truth.doubles(width: width, dimension: dimension, classes: classes)
        doubles += ClassSketches.doubles(configuration.sketchRank, width: width, classes: classes)
        doubles += FeatureMap.doubles(configuration)
        // W, and its published copy.
        doubles += Double(width) * classes + PublishedWeights.doubles(width: width, classes: classes)
        doubles += ResidualMoment.doubles(classes: classes) + ResidualMoment.publishedDoubles(classes: classes)
        // s, r and some columns of a solution; W′ while it is published.
        if configuration.intercept { doubles += Double(width) * (classes + 6) }
        if configuration.imbalance != .none {
            let columns = BalancedWeights.columns(configuration.imbalance, classes: classes)
            doubles += BalancedWeights.doubles(configuration.imbalance, width: width, classes: classes)
            doubles += PublishedWeights.doubles(width: width, classes: columns)
        }
        if configuration.ridgeChoice != .fixed { doubles += RidgeCandidates.doubles(width: width, classes: classes) }
        return doubles + buffers(configuration, isAtRest: true)
    }

    /// For a model that learns.
    static func learning(_ configuration: ModelConfiguration, classes: Double) -> Double {
        // Each published state has its own weights; readers may still hold the one before.
        resting(configuration, classes: classes) + PublishedWeights.doubles(width: configuration.width, classes: classes)
            + ResidualMoment.publishedDoubles(classes: classes)
            + buffers(configuration, isAtRest: false) - buffers(configuration, isAtRest: true)
    }

    private static func buffers(_ configuration: ModelConfiguration, isAtRest: Bool) -> Double {
        let (width, mapsRows) = (configuration.width, configuration.featureMap != .identity)
        return RecursiveView.bufferDoubles(width: width, mapsRows: mapsRows, isAtRest: isAtRest)
            + ClassSketches.bufferDoubles(configuration.sketchRank, width: width, isAtRest: isAtRest)
    }

    /// In bytes; nil if the number does not fit a 64-bit integer.
    static func bytes(_ doubles: Double) -> Int? {
        let bytes = doubles * 8
        return bytes < 9e18 ? Int(bytes) : nil
    }
}

extension ModelConfiguration {
    /// Bytes that a model with this many classes holds while it learns: mostly 8D², for the square of G and R.
    ///
    /// - Returns: nil if the number does not fit a 64-bit integer.
    public func estimatedBytes(classes: Int) -> Int? { MemoryEstimate.bytes(MemoryEstimate.learning(self, classes: Double(classes))) }

    /// Bytes that it holds at rest: without the buffers of a block.
    ///
    /// - Returns: nil if the number does not fit a 64-bit integer.
    public func restingBytes(classes: Int) -> Int? { MemoryEstimate.bytes(MemoryEstimate.resting(self, classes: Double(classes))) }

    /// Bytes that computing balanced weights takes for this many classes: mostly 8D², for one square; a discriminant needs none.
    ///
    /// Sketches that are written meanwhile are copied and add to it. An ill-conditioned matrix takes 2D²·8 more.
    ///
    /// - Returns: nil if the number does not fit a 64-bit integer; 0 if no balanced weights are wanted.
    public func estimatedBalanceBytes(classes: Int) -> Int? {
        guard imbalance != .none else { return 0 }
        return MemoryEstimate.bytes(BalanceProblem.doubles(imbalance, width: width, dimension: dimension, classes: Double(classes)))
    }

    /// Bytes for each further class, besides those of the residual moment, which grow with the square of the classes.
    public var bytesPerClass: Int? {
        let most = ResidualMoment.mostClasses + 1
        guard let some = estimatedBytes(classes: most), let more = estimatedBytes(classes: most + 1024) else { return nil }
        return (more - some) / 1024
    }
}
