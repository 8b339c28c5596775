/// The source of a history's models and rows, fixed by its seed.
struct HistoryData: Sendable {
    /// The scale of the numbers in a model's rows.
    enum Scale: Sendable {
        case normal
        /// One row in a dozen is of 1e8.
        case outliers
        /// Squares underflow in Float64.
        case faint
        /// Weights exceed Float32.
        case tiny
    }

    struct Kind: Sendable {
        var configuration: OracleConfiguration
        var scale: Scale
    }

    static let modelNames = ["a", "b", "c", "d"]
    /// A model has at most twelve; two pairs look alike, and one label has the maximum length.
    static let labels: [LabelBytes] = [
        "caf\u{e9}", "cafe\u{301}", "x", "7", "a/b", "\u{ac00}", "\u{1100}\u{1161}", "50%", "q\"\\\n", "1:0:x", "\u{feff}cat",
        String(repeating: "\u{1f600}", count: 256), "\u{1}", "y z",
    ].map { LabelBytes($0) }
    static let largestClassCount = 12

    /// This history's configurations; models with equal ones can be merged.
    let kinds: [Kind]

    init(_ generator: inout SeededGenerator) {
        var kinds: [Kind] = []
        for index in 0..<2 { kinds.append(Self.kind(isPlain: index == 0, &generator)) }
        // The same with another ridge and imbalance can be merged if the sketches are alike.
        var relative = kinds[0]
        (relative.configuration.ridge, relative.configuration.ridgeMetric) = (Self.ridge(&generator), nil)
        if relative.configuration.sketchRank != .rows(0) { relative.configuration.imbalance = Self.imbalance(true, &generator) }
        kinds.append(relative)
        self.kinds = kinds
    }

    private static func kind(isPlain: Bool, _ generator: inout SeededGenerator) -> Kind {
        var configuration = OracleConfiguration(dimension: Int.random(in: 2...8, using: &generator), ridge: ridge(&generator))
        let width = Int.random(in: 3...16, using: &generator)
        let seed = UInt64.random(in: 0..<100, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: configuration.featureMap = .randomRelu(width: width, seed: seed)
        case 1, 2: configuration.featureMap = .random(random(isPlain: isPlain, width: min(width, 10), seed: seed, &generator))
        default: break
        }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: configuration.sketchRank = .exact
        case 1: configuration.sketchRank = .rows(Int.random(in: 1...16, using: &generator))
        default: break
        }
        configuration.imbalance = imbalance(configuration.sketchRank != .rows(0), &generator)
        configuration.balance = balance(&generator)
        let scales: [Scale] = isPlain ? [.normal] : [.normal, .outliers, .outliers, .faint, .tiny]
        let scale = scales.randomElement(using: &generator)!
        if scale == .tiny {
            configuration.ridge = 1e-80
        } else if Int.random(in: 0..<3, using: &generator) == 0 {
            (configuration.ridge, configuration.ridgeMetric) = (0.1, ridgeMetric(&generator))
        }
        return Kind(configuration: configuration, scale: scale)
    }

    /// Cosines of large rows have no digits in common with anything.
    private static func random(
        isPlain: Bool, width: Int, seed: UInt64, _ generator: inout SeededGenerator
    ) -> OracleConfiguration.Random {
        let activation = (isPlain ? OracleConfiguration.Random.Activation.allCases : [.relu, .gelu]).randomElement(using: &generator)!
        return OracleConfiguration.Random(
            activation: activation, width: width, seed: seed, scale: [0.5, 1, 2, 3].randomElement(using: &generator)!,
            isNormal: activation == .cos || Bool.random(using: &generator), includesInput: Int.random(in: 0..<3, using: &generator) == 0)
    }

    static func ridge(_ generator: inout SeededGenerator) -> Double {
        [0.1, 0.1, 1, 1e-3, 1e-6, 10, 1e6, 1e12].randomElement(using: &generator)!
    }

    static func ridgeMetric(_ generator: inout SeededGenerator) -> String {
        ["accuracy", "balanced_accuracy"].randomElement(using: &generator)!
    }

    static func balance(_ generator: inout SeededGenerator) -> Double {
        [0, 0, 0.5, 1, Double.random(in: 0...1, using: &generator)].randomElement(using: &generator)!
    }

    static func imbalance(_ canReweigh: Bool, _ generator: inout SeededGenerator) -> OracleConfiguration.Imbalance {
        switch Int.random(in: 0..<(canReweigh ? 7 : 5), using: &generator) {
        case 0: return .none
        case 1, 2:
            let cap = Int.random(in: 0...6, using: &generator)
            let noise = [0, 0.5, 1].randomElement(using: &generator)!
            return .pseudoFeatures(noise: noise, cap: cap, seed: .random(in: 0...UInt64.max, using: &generator))
        case 3, 4:
            let share = [0.001, 0.02, 0.5].randomElement(using: &generator)!
            return .discriminant(falseShare: share, seed: .random(in: 0...UInt64.max, using: &generator))
        default: return .reweight(power: [0, 0.5, 1, 1.7].randomElement(using: &generator)!)
        }
    }

    /// The scale of a model's rows: that of the kind it was made from.
    func scale(of configuration: OracleConfiguration) -> Scale {
        kinds.first { $0.configuration.canMerge(configuration) }?.scale ?? .normal
    }

    /// A row near a label's centre. All values fit Float32, to which predictions round.
    func row(_ configuration: OracleConfiguration, _ label: Int, _ generator: inout SeededGenerator) -> [Double] {
        var factor = 1.0
        switch scale(of: configuration) {
        case .normal: break
        case .outliers: if Int.random(in: 0..<12, using: &generator) == 0 { factor = 1e8 }
        case .faint: factor = 1e-200
        case .tiny: factor = 0x1p-130
        }
        return (0..<configuration.dimension).map { index in
            let centre = (label * 7 + index * 3) % 5 == 0 ? 2.0 : 0
            // Few digits, so that Float32 holds them at any scale.
            let value = ((generator.normal() + centre) * 64).rounded() / 64
            return factor == 1e-200 ? value * factor : Double(Float(value * factor))
        }
    }
}
