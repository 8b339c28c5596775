import Testing

@testable import AnalyticLearning
@testable import LinearAlgebra

@Suite struct FeatureMapTests {
    /// The known answers published with Random123.
    @Test func philox_givesTheKnownAnswers() {
        #expect(
            Philox4x32(key: 0).words(SIMD4(repeating: 0)) == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
        #expect(
            Philox4x32(key: .max).words(SIMD4(repeating: .max)) == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
        #expect(
            Philox4x32(key: 0x299F_31D0_A409_3822).words(SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344))
                == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
    }

    @Test func projection_hasTheSameBitsEverywhere() throws {
        let projection = try RandomProjection(inputs: 3, outputs: 70, seed: 1)
        // A change here would turn every model with this map into another model.
        #expect(projection.row(0).prefix(3).map(\.bitPattern) == Self.firstBits)
        let again = try RandomProjection(inputs: 3, outputs: 70, seed: 1)
        let rows = { (map: RandomProjection) in (0..<3).map { map.row($0).map(\.bitPattern) } }
        #expect(rows(projection) == rows(again))
        let other = try RandomProjection(inputs: 3, outputs: 70, seed: 2)
        #expect(rows(projection) != rows(other))
        let bound = 1 / Float(3).squareRoot()
        for input in 0..<3 { #expect(projection.row(input).allSatisfy { abs($0) <= bound && $0 != 0 }) }
    }

    /// Computed with Python from the formula in the documentation of `RandomProjection.init(inputs:outputs:seed:)`.
    static let firstBits: [UInt32] = [1_055_308_109, 1_055_479_577, 1_036_696_091]

    @Test func projection_isUniform() throws {
        let projection = try RandomProjection(inputs: 100, outputs: 1000, seed: 7)
        var sum = 0.0
        var squares = 0.0
        for input in 0..<100 {
            for value in projection.row(input) {
                sum += Double(value) * 10
                squares += Double(value) * Double(value) * 100
            }
        }
        // Mean 0 with deviation 1/√(3·10⁵); mean square 1/3 with deviation √(4/45)/√10⁵.
        #expect(abs(sum / 1e5) < 5 * 0.0018)
        #expect(abs(squares / 1e5 - 1.0 / 3) < 5 * 0.00094)
    }

    @Test(arguments: [1, 2, 3, 7, 20]) func kernels_agreeWithFloat64_andWithEachOther(rows: Int) throws {
        var generator = SplitMix64(state: 12)
        for (dimension, width, classes) in [(5, 5, 1), (16, 70, 3), (64, 256, 10), (33, 128, 17)] {
            let map: FeatureMapKind = width == dimension ? .identity : .randomRelu(width: width, seed: 3)
            let classifier = try Classifier(ModelConfiguration(dimension: dimension, featureMap: map))
            let training = (0..<(200 * dimension)).map { _ in generator.normal() }
            try classifier.learn(features: training, labels: (0..<200).map { "\($0 % classes)" })
            let scorer = try #require(classifier.publish()?.scorer())
            let x = (0..<(rows * dimension)).map { _ in Float(generator.normal()) }
            var workspace = ScoreWorkspace()
            scorer.score(x, workspace: &workspace)
            let scores = workspace.scores
            scorer.scoreByBLAS(x, workspace: &workspace)
            #expect(zip(scores, workspace.scores).allSatisfy { abs($0 - $1) < 1e-4 })
            // While a factorisation has the library's threads nothing waits for it, and the bits are those of our own kernel.
            let library = BLASLibrary.current
            ComputeThreads.$countInTask.withValue(2) {
                library.withLibraryThreads {
                    #expect(library.isOccupied)
                    scorer.scoreByBLAS(x, workspace: &workspace)
                }
            }
            #expect(workspace.scores == scores)
            for row in 0..<rows {
                let one = Array(x[(row * dimension)..<((row + 1) * dimension)])
                let exact = scorer.scoreInDouble(one.map(Double.init))
                let slice = Array(scores[(row * classes)..<((row + 1) * classes)])
                #expect(zip(slice, exact).allSatisfy { abs(Double($0) - $1) < 1e-4 })
                // A row scores the same bits alone or among others.
                scorer.score(one, workspace: &workspace)
                #expect(workspace.scores == slice)
            }
        }
    }
}
