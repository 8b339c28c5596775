import Glibc
import TensorFormats

/// A model's configuration, as the histories know it.
struct OracleConfiguration: Equatable, Sendable {
    enum FeatureMap: Equatable, Sendable {
        case identity
        case randomRelu(width: Int, seed: UInt64)
        case random(Random)
    }

    struct Random: Equatable, Sendable {
        enum Activation: String, CaseIterable, Sendable {
            case relu, gelu, cos
        }

        var activation: Activation
        var width: Int
        var seed: UInt64
        var scale: Double
        var isNormal: Bool
        var includesInput: Bool

        var json: String {
            let distribution = isNormal ? "normal" : "uniform"
            return #"{"kind":"random","activation":"\#(activation.rawValue)","width":\#(width),"seed":\#(seed),"scale":\#(scale),"#
                + #""distribution":"\#(distribution)","include_input":\#(includesInput)}"#
        }

        func isDescribed(by map: JSONValue) -> Bool {
            map["kind"].string == "random" && map["activation"].string == activation.rawValue && map["width"].int == width
                && map["seed"].uint64 == seed && map["scale"].double == scale && map["include_input"].bool == includesInput
                && map["distribution"].string == (isNormal ? "normal" : "uniform")
        }
    }

    enum Imbalance: Equatable, Sendable {
        case none
        case pseudoFeatures(noise: Double, cap: Int, seed: UInt64)
        case reweight(power: Double)
        case discriminant(falseShare: Double, seed: UInt64)

        var json: String {
            switch self {
            case .none: #"{"kind":"none"}"#
            case .pseudoFeatures(let noise, let cap, let seed):
                #"{"kind":"pseudo_features","noise":\#(noise),"cap":\#(cap),"seed":\#(seed)}"#
            case .reweight(let power): #"{"kind":"reweight","power":\#(power)}"#
            case .discriminant(let share, let seed): #"{"kind":"discriminant","false_share":\#(share),"seed":\#(seed)}"#
            }
        }
    }

    enum SketchRank: Equatable, Sendable {
        case rows(Int)
        case exact
    }

    var dimension: Int
    var featureMap = FeatureMap.identity
    /// The ridge in force.
    var ridge: Double
    /// What a ridge that chooses itself is chosen by; nil for a fixed one.
    var ridgeMetric: String?
    var imbalance = Imbalance.none
    var sketchRank = SketchRank.rows(0)
    var balance = 0.0

    var width: Int {
        switch featureMap {
        case .identity: dimension
        case .randomRelu(let width, _): width
        case .random(let random): random.width + (random.includesInput ? dimension : 0)
        }
    }

    /// φ, with Ω row-major and the phases in turns that the service reports; the documented formulas.
    func mapped(_ x: [Double], projection: [Float], phases: [Float]) -> [Double] {
        guard featureMap != .identity else { return x }
        let columns = projection.count / dimension
        let products = (0..<columns).map { column in
            x.indices.reduce(0) { $0 + x[$1] * Double(projection[$1 * columns + column]) }
        }
        guard case .random(let random) = featureMap else { return products.map { max(0, $0) } }
        let mapped = products.enumerated().map { column, product in
            switch random.activation {
            case .relu: return max(0, random.scale * product)
            case .gelu: return random.scale * product * erfc(-random.scale * product / 2.0.squareRoot()) / 2
            case .cos:
                return (2 / Double(columns)).squareRoot() * Glibc.cos(product / random.scale + 2 * .pi * Double(phases[column]))
            }
        }
        return random.includesInput ? mapped + x : mapped
    }

    /// The magnitude that rounding in a row's h is relative to.
    func spread(_ x: [Double], projection: [Float]) -> [Double] {
        guard featureMap != .identity else { return x.map { abs($0) } }
        let columns = projection.count / dimension
        let sums = (0..<columns).map { column in x.indices.reduce(0) { $0 + abs(x[$1] * Double(projection[$1 * columns + column])) } }
        guard case .random(let random) = featureMap else { return sums }
        // A GELU is at most 1.13 as steep as its argument.
        let mapped = sums.map { sum in
            random.activation == .cos
                ? (2 / Double(columns)).squareRoot() * (sum / random.scale + 2 * .pi + 1) : 1.2 * random.scale * sum
        }
        return random.includesInput ? mapped + x.map { abs($0) } : mapped
    }

    /// As a model is created: the ridge in force is no part of it if it chooses itself.
    var json: String {
        let ridge = ridgeMetric.map { #""auto","auto_metric":"\#($0)""# } ?? "\(ridge)"
        var text = #"{"dimension":\#(dimension),"ridge":\#(ridge),"imbalance":\#(imbalance.json)"#
        if case .randomRelu(let width, let seed) = featureMap {
            text += #","feature_map":{"kind":"random_relu","width":\#(width),"seed":\#(seed)}"#
        }
        if case .random(let random) = featureMap { text += #","feature_map":"# + random.json }
        switch sketchRank {
        case .rows(let rank): text += #","sketch_rank":\#(rank)"#
        case .exact: text += #","sketch_rank":"exact""#
        }
        if balance != 0 { text += #","balance":\#(balance)"# }
        return text + "}"
    }

    /// Whether a snapshot of the other model can be merged.
    func canMerge(_ other: OracleConfiguration) -> Bool {
        dimension == other.dimension && featureMap == other.featureMap && sketchRank == other.sketchRank
    }

    /// Whether the service's description matches this configuration.
    func isDescribed(by config: JSONValue) -> Bool {
        guard config["dimension"].int == dimension, config["balance"].double == balance else { return false }
        if let ridgeMetric {
            guard config["ridge"].string == "auto", config["auto_metric"].string == ridgeMetric else { return false }
        } else {
            guard config["ridge"].double == ridge else { return false }
        }
        let map = config["feature_map"]
        switch featureMap {
        case .identity: guard map["kind"].string == "identity" else { return false }
        case .randomRelu(let width, let seed):
            guard map["kind"].string == "random_relu", map["width"].int == width, map["seed"].uint64 == seed else { return false }
        case .random(let random): guard random.isDescribed(by: map) else { return false }
        }
        let kind = config["imbalance"]
        switch imbalance {
        case .none: guard kind["kind"].string == "none" else { return false }
        case .pseudoFeatures(let noise, let cap, let seed):
            guard kind["kind"].string == "pseudo_features", kind["noise"].double == noise, kind["cap"].int == cap,
                kind["seed"].uint64 == seed
            else { return false }
        case .discriminant(let share, let seed):
            guard kind["kind"].string == "discriminant", kind["false_share"].double == share, kind["seed"].uint64 == seed else {
                return false
            }
        case .reweight(let power): guard kind["kind"].string == "reweight", kind["power"].double == power else { return false }
        }
        switch sketchRank {
        case .rows(let rank): return config["sketch_rank"].int == rank
        case .exact: return config["sketch_rank"].string == "exact"
        }
    }
}
