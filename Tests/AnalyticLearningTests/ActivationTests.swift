import Testing

@testable import AnalyticLearning

/// Functions of random maps, against correctly rounded values (`Vectors/published.py`).
@Suite struct ActivationTests {
    private static let vectors = ScoreVectors.allCases.filter(\.isSupported)

    private static func activation(_ kind: RandomFeatures.Activation, _ count: Int) -> RandomActivation {
        var features = RandomFeatures(kind, width: count)
        // A factor and an amplitude of 1 are within an ulp of it; the cosine's values are then those of turns.
        if kind == .cosine { features.scale = .fixed(1 / (2 * .pi)) }
        return RandomActivation(features, inputs: 1, phases: kind == .cosine ? [Float](repeating: 0, count: count) : nil)
    }

    private static func apply(_ kind: RandomFeatures.Activation, _ values: [Double], _ vectors: ScoreVectors) -> [Double] {
        var values = values
        let activation = activation(kind, values.count)
        values.withUnsafeMutableBufferPointer { activation.apply($0, with: vectors) }
        return values
    }

    private static func apply(_ kind: RandomFeatures.Activation, _ values: [Float], _ vectors: ScoreVectors) -> [Float] {
        var values = values
        let activation = activation(kind, values.count)
        values.withUnsafeMutableBufferPointer { activation.apply($0, with: vectors) }
        return values
    }

    /// The largest error in units in the last place of the correct value.
    private static func ulps<Scalar: BinaryFloatingPoint>(_ values: [Scalar], _ correct: [Double], of size: Double = 1) -> Double {
        zip(values, correct).reduce(0) { worst, pair in
            let exact = pair.1 * size
            return max(worst, abs(Double(pair.0) - exact) / Double(Scalar(exact).ulp))
        }
    }

    @Test func gelu_isWithinSixUlps() throws {
        let file = try Vectors("activations")
        for vectors in Self.vectors {
            let (wide, narrow) = (try file.doubles("gelu.f64.in"), try file.floats("gelu.f32.in"))
            #expect(Self.ulps(Self.apply(.gelu, wide, vectors), try file.doubles("gelu.f64.out")) <= 6)
            #expect(Self.ulps(Self.apply(.gelu, narrow, vectors), try file.doubles("gelu.f32.out")) <= 6)
        }
    }

    /// With the rounding of an amplitude, and of a factor that is 1 but for an ulp.
    @Test func cosine_isWithinFourUlpsForExactTurns() throws {
        let file = try Vectors("activations")
        let turns = try file.doubles("turn.f64.in")
        let scale = RandomActivation(RandomFeatures(.cosine, width: turns.count, scale: .fixed(1 / (2 * .pi))), inputs: 1)
        try #require(scale.factor == 1)
        for vectors in Self.vectors {
            #expect(Self.ulps(Self.apply(.cosine, turns, vectors), try file.doubles("turn.f64.out"), of: scale.amplitude) <= 4)
            let narrow = try file.floats("turn.f32.in")
            let amplitude = Double(Float((2 / Double(narrow.count)).squareRoot()))
            #expect(Self.ulps(Self.apply(.cosine, narrow, vectors), try file.doubles("turn.f32.out"), of: amplitude) <= 4)
        }
    }

    @Test func drawnLogarithmsAndTurns_areWithinTwoUlps() throws {
        let file = try Vectors("activations")
        let words = try file.integers("words").map { UInt32($0) }
        #expect(Self.ulps(words.map { NormalDraws.logarithm($0) }, try file.doubles("logarithm")) <= 2)
        let correct = zip(try file.doubles("cosine"), try file.doubles("sine"))
        for (word, pair) in zip(words, correct) {
            let turn = NormalDraws.turn(word)
            #expect(abs(turn.cosine - pair.0) <= 2 * pair.0.ulp && abs(turn.sine - pair.1) <= 2 * pair.1.ulp, "\(word)")
        }
    }

    /// All vectors give the same bits, and so does a value wherever it stands.
    @Test(arguments: RandomFeatures.Activation.allCases) func bits_doNotDependOnVectorsOrPlaces(kind: RandomFeatures.Activation) throws {
        let file = try Vectors("activations")
        let wide = try file.doubles("gelu.f64.in") + [0, -0.0, 1e300, -1e300, 0x1p60]
        let narrow = try file.floats("gelu.f32.in") + [0, -0.0, 1e30, -1e30, 63.99]
        let (first, single) = (Self.apply(kind, wide, .common), Self.apply(kind, narrow, .common))
        for vectors in Self.vectors {
            #expect(Self.apply(kind, wide, vectors).map(\.bitPattern) == first.map(\.bitPattern))
            #expect(Self.apply(kind, narrow, vectors).map(\.bitPattern) == single.map(\.bitPattern))
        }
        // The amplitude of cosines depends on the number of outputs.
        guard kind != .cosine else { return }
        for index in stride(from: 0, to: wide.count, by: 37) {
            #expect(Self.apply(kind, [wide[index]], .common)[0].bitPattern == first[index].bitPattern)
        }
    }

    @Test func valuesWithoutDigits_becomeNaNInFloat32_andStayFiniteInFloat64() {
        let turns = Self.apply(.cosine, [Float(63.9), 64, -64, 1e20, .infinity, .nan, 0.25], .common)
        #expect(turns.map(\.isNaN) == [false, true, true, true, true, true, false])
        // More than 2⁵¹ turns count as whole ones.
        #expect(Self.apply(.cosine, [0x1p51 + 0.5, 1e80, -0x1p52], .common).allSatisfy { $0 == (2 / 3.0).squareRoot() })
        #expect(Self.apply(.gelu, [Float.infinity, -.infinity, .nan, -20, 20], .common).map(\.isNaN) == [true, true, true, false, false])
        #expect(Self.apply(.gelu, [-40.0, 1e300, -1e300], .common) == [0, 1e300, 0])
    }
}
