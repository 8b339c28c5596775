import TensorFormats
import Testing

@testable import ClassifierService

/// Models whose equations have lost their digits can be restored from their saved state.
@Suite struct IllConditionedRestartTests {
    @Test(arguments: IllConditionedTests.streams) func theyComeBackAndGoOn(_ stream: IllConditionedTests.Stream) throws {
        let models = KeptModels()
        var generator = SeededGenerator(seed: 3)
        var samples = 0
        for round in 0..<3 {
            let service = try models.start()
            let client = service.client()
            if round == 0 {
                let made = try client.send(
                    "PUT", "/v1/models/m", #"{"dimension":\#(IllConditionedTests.dimension),"ridge":\#(stream.ridge)}"#)
                #expect(made.status == 201)
            }
            #expect(try client.send("GET", "/v1/models/m")["samples"].int == samples)
            for count in [1, 1, 7, 1, 40, 3] {
                let rows = (0..<count).map { stream.row((samples + $0) % 4, &generator) }
                let labels = (0..<count).map { "c\((samples + $0) % 4)" }
                #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn(rows, labels)).status == 200)
                samples += count
            }
            // Its snapshot can be restored too.
            let snapshot = try client.send("GET", "/v1/models/m/snapshot")
            let restored = try client.send("PUT", "/v1/models/copy\(round)/snapshot", snapshot.body)
            #expect(restored.status == 201, "\(restored.text)")
            service.stop()
        }
    }
}
