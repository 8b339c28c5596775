import Foundation
import Storage
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// When checkpoints are made, and what happens if they fail.
@Suite struct CheckpointTests {
    private let models = KeptModels()

    private func schedule(bytes: Int = 1000, age: Double = 900) -> CheckpointSchedule {
        var settings = DurabilityConfiguration(directory: "")
        settings.checkpointLogBytes = bytes
        settings.checkpointAge = age
        return CheckpointSchedule(settings)
    }

    @Test func checkpoint_isDueByBytesAndByAge() {
        var schedule = schedule()
        #expect(schedule.wakeUp == nil && !schedule.isDue(at: 1e9))
        schedule.add(bytes: 500, at: 100)
        schedule.add(bytes: 499, at: 200)
        #expect(schedule.wakeUp == 1000 && !schedule.isDue(at: 999) && schedule.isDue(at: 1000))
        schedule.add(bytes: 1, at: 300)
        #expect(schedule.isDue(at: 300))
        schedule.begin(bytes: 2000)
        #expect(!schedule.isDue(at: 1e9) && !schedule.hasRecords)
        schedule.succeed()
        // A checkpoint should not write more than the log did.
        schedule.add(bytes: 1999, at: 400)
        #expect(!schedule.isDue(at: 401))
        schedule.add(bytes: 1, at: 401)
        #expect(schedule.isDue(at: 401))
    }

    @Test func failedCheckpoint_isTriedAgainSoonAndEverLessOften() {
        var schedule = schedule(bytes: 1 << 30, age: 900)
        schedule.add(bytes: 10, at: 0)
        schedule.begin(bytes: 5)
        schedule.add(bytes: 20, at: 910)
        var time = 1000.0
        for pause in [30.0, 60, 120, 240, 480, 480, 480] {
            schedule.fail(at: time)
            #expect(schedule.wakeUp == time + pause)
            #expect(!schedule.isDue(at: time + pause - 1) && schedule.isDue(at: time + pause))
            time += pause
            schedule.begin(bytes: 5)
        }
        schedule.succeed()
        // What was logged meanwhile keeps its age, and waits again.
        schedule.add(bytes: 1, at: 9000)
        #expect(schedule.wakeUp == 9900)
    }

    @Test func rowsOfAFailedCheckpoint_countAsBefore() {
        var schedule = schedule()
        schedule.add(bytes: 600, at: 0)
        schedule.begin(bytes: 5)
        schedule.add(bytes: 399, at: 10)
        #expect(!schedule.isDue(at: 10))
        schedule.fail(at: 10)
        schedule.remove(bytes: 399)
        schedule.add(bytes: 400, at: 20)
        schedule.begin(bytes: 5)
        schedule.succeed()
        schedule.add(bytes: 5, at: 30)
        schedule.remove(bytes: 5)
        #expect(schedule.wakeUp == nil && !schedule.hasRecords)
    }

    /// A background checkpoint fails, and the server is killed: the next start counts the rows of all logs, not only of the last.
    @Test func logsOfAChain_countTogetherAfterARestart() throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let service = try models.start(fileSystem: disk) { $0.checkpointLogBytes = 6000 }
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        disk.fail(.rename, 0, .error(EIO), isLasting: true)
        let body = Bodies.learn((0..<50).map { [Double($0), 1] }, [String](repeating: "a", count: 50))
        var version = 0
        // A log begun for a checkpoint stays and is continued.
        while models.files().filter({ $0.hasPrefix("log") }).count < 2, version < 100 {
            version = try client.send("POST", "/v1/models/m/learn", body)["version"].int ?? 100
        }
        version = try client.send("POST", "/v1/models/m/learn", body)["version"].int ?? 0
        #expect(service.wait { disk.count(.rename) > 0 })
        let copy = KeptModels()
        try models.copy(to: copy.path)
        #expect(copy.files().contains("checkpoint-0.safetensors"))
        let next = try copy.start { $0.checkpointLogBytes = 6000 }
        #expect(next.wait { copy.files() == ["checkpoint-\(version).safetensors", "log-\(version).wal"] }, "\(copy.files())")
        #expect(try next.client().send("GET", "/v1/models/m")["samples"].int == 50 * version)
    }
}
