import Foundation
import Storage
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// What a server says about a data directory that it cannot use, and that it uses what it can.
@Suite struct StartTests {
    private let models = KeptModels()

    /// A model with rows in its log, left as by a kill.
    private func fill() throws -> KeptModels {
        let client = try models.start().client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        for value in 0..<3 { try client.send("POST", "/v1/models/m/learn", Bodies.learn([[Double(value)]], ["a"]), key: "\(value)") }
        let copy = KeptModels()
        try models.copy(to: copy.path)
        return copy
    }

    @Test func checkpointOfANewerFormat_isNamedWithWhatCanBeRead() throws {
        let copy = try fill()
        let path = copy.path + "/models/m/checkpoint-0.safetensors"
        var snapshot = try EditedSnapshot([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
        snapshot.setMetadata("format", "accrue/3")
        try Data(try snapshot.encoded()).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: DamagedState.self) { try copy.start() }
        #expect(
            error?.description
                == "\(path): the snapshot's format is \"accrue/3\", written by a newer version of this program; "
                + "this version reads \"accrue/1\" or \"accrue/2\"")
    }

    @Test func directoryThatCannotBeWritten_isExplained() throws {
        let copy = try fill()
        let disk = FaultyFileSystem(SystemFileSystem())
        disk.fail(.open, 1, .error(EROFS), isLasting: true)
        let error = #expect(throws: StorageError.self) { try copy.start(fileSystem: disk) }
        #expect(
            error?.description
                == "create \(copy.path)/lock: Read-only file system: the data directory must be writable by user ID "
                + "\(geteuid()), which runs this program")
    }

    @Test func missingLog_isRefusedAtTheStartAndByVerify() throws {
        let copy = try fill()
        try FileManager.default.removeItem(atPath: copy.path + "/models/m/log-0.wal")
        let error = #expect(throws: StorageError.self) { try copy.start() }
        #expect(error?.reason == .damaged(offset: 0, .missingLog(version: 0)))
        var audits: [ModelAudit] = []
        try ModelAudit.run(copy.path) { audits.append($0) }
        #expect(audits.count == 1)
        #expect(
            audits.first?.mismatches
                == ["\(copy.path)/models/m/log-0.wal: no log continues from version 0: everything learned after it is missing"])
    }

    @Test func fullDisk_servesAndLearnsWhenThereIsRoom() throws {
        let copy = try fill()
        let disk = FaultyFileSystem(SystemFileSystem())
        disk.fail(.write, 0, .error(ENOSPC), isLasting: true)
        let client = try copy.start(fileSystem: disk).client()
        #expect(try client.send("POST", "/v1/models/m/predict", Bodies.predict([[1]])).status == 200)
        let body = Bodies.learn([[2]], ["a"])
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[7]], ["a"])).status == 507)
        // Learning cannot be promised before the log's end is certainly on the device.
        #expect(try client.send("POST", "/v1/models/m/learn", body, key: "2").status == 507)
        disk.heal()
        #expect(try client.send("POST", "/v1/models/m/learn", body, key: "2")["samples"].int == 3)
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[7]], ["a"]))["samples"].int == 4)
    }
}
