import Concurrency
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Models are recovered one after another; no thread waits for its turn.
@Suite struct RecoverySequenceTests {
    private struct State {
        var begun: [Int] = []
        var turns: [RecoveryTurn] = []
    }

    @Test func eachBeginsWhenTheOneBeforeHasGivenUpItsTurn() {
        let state = Guarded(State())
        let sequence = RecoverySequence([0, 1, 2, 3]) { element, turn in
            state.withLock {
                $0.begun.append(element)
                $0.turns.append(turn)
            }
        }
        sequence.startNext()
        #expect(state.withLock { $0.begun } == [0])
        let first = state.withLock { $0.turns[0] }
        first.end()
        #expect(state.withLock { $0.begun } == [0, 1])
        // A turn ends once.
        first.end()
        #expect(state.withLock { $0.begun } == [0, 1])
        sequence.cancel()
        state.withLock { $0.turns[1] }.end()
        #expect(state.withLock { $0.begun } == [0, 1])
    }

    @Test func manyModelsAreAllRecovered() throws {
        let models = KeptModels()
        var service = try models.start()
        try service.client().send("PUT", "/v1/models/m0", #"{"dimension":2}"#)
        try service.client().send("POST", "/v1/models/m0/learn", #"{"features":[[1,0],[0,1]],"labels":["a","b"]}"#)
        service.stop()
        for index in 1..<40 {
            try FileManager.default.copyItem(atPath: models.path + "/models/m0", toPath: models.path + "/models/m\(index)")
        }
        service = try models.start()
        #expect(service.service.registry.all.count == 40)
        for index in [0, 17, 39] { #expect(try service.client().send("GET", "/v1/models/m\(index)")["samples"].int == 2) }
    }
}
