import Glibc
import StorageTestSupport
import Testing

@testable import Storage

/// What is left after power cuts and faults at any time.
@Suite struct RecoveryTests {
    /// A directory with a model, half way through its work.
    private func disk() throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        var errors: [StorageError] = []
        keeper.work(&errors)
        #expect(errors == [])
        return disk.afterPowerCut(.everything)
    }

    private func check(_ recovered: Keeper, acknowledged: Int, attempted: Int, _ comment: String) throws {
        #expect(recovered.numbers == Array(1...max(1, recovered.numbers.count)).prefix(recovered.numbers.count).map { $0 }, "\(comment)")
        #expect(recovered.numbers.count >= acknowledged, "\(comment)")
        #expect(recovered.numbers.count <= attempted, "\(comment)")
        // And it continues.
        try recovered.learn()
        try recovered.checkpoint()
        #expect(try recovered.model.checkpoints().count == 1)
        #expect(try recovered.model.logs().count == 1)
    }

    @Test func powerCuts_loseNothingThatWasAcknowledged() throws {
        let base = try disk()
        var cut = 0
        var isCut = true
        while isCut {
            let chance = UInt64(cut)
            for remainder in [SimulatedDisk.Remainder.nothing, .everything, .chance(seed: chance), .chance(seed: chance + 1 << 32)] {
                let disk = base.afterPowerCut(.everything)
                disk.cutPower(after: cut)
                var errors: [StorageError] = []
                var (acknowledged, attempted) = (7 + 3, 7 + 3)
                if let keeper = try? Keeper(disk) {
                    acknowledged = keeper.acknowledged
                    keeper.work(&errors)
                    acknowledged = keeper.acknowledged
                    attempted = acknowledged + 1
                } else {
                    errors.append(StorageError(.open, path: "", reason: .unexpectedEnd))
                }
                isCut = !errors.isEmpty
                let recovered = try Keeper(disk.afterPowerCut(remainder))
                try check(recovered, acknowledged: acknowledged, attempted: attempted, "cut after \(cut), \(remainder)")
            }
            cut += 1
        }
        #expect(cut > 50)
    }

    @Test func powerCuts_leaveANewModelWholeOrAbsent() throws {
        for cut in 0..<40 {
            for remainder in [SimulatedDisk.Remainder.nothing, .everything, .chance(seed: UInt64(cut))] {
                let disk = SimulatedDisk()
                disk.cutPower(after: cut)
                let made = try? Keeper(disk)
                let next = disk.afterPowerCut(remainder)
                let names = try DataDirectory("/data", fileSystem: next).modelNames()
                #expect(names == ["m"] || made == nil && names == [], "cut after \(cut), \(remainder)")
                #expect(try Keeper(next).numbers == [])
            }
        }
    }

    @Test func powerCuts_neverBringADeletedModelBack() throws {
        let base = try disk()
        for cut in 0..<20 {
            for remainder in [SimulatedDisk.Remainder.nothing, .everything, .chance(seed: UInt64(cut))] {
                let disk = base.afterPowerCut(.everything)
                let data = try DataDirectory("/data", fileSystem: disk)
                disk.cutPower(after: cut)
                let deleted = try? data.delete("m")
                deleted?.removeFiles()
                let next = disk.afterPowerCut(remainder)
                let names = try DataDirectory("/data", fileSystem: next).modelNames()
                if deleted != nil { #expect(names == []) }
                if names == ["m"] { #expect(try Keeper(next).numbers.count == 10) }
            }
        }
    }

    /// A process is killed, the next one continues with what the system knows, and then the power is cut.
    @Test func kills_andPowerCutsAfterThem_loseNothing() throws {
        var cut = 0
        var isCut = true
        while isCut {
            let disk = SimulatedDisk()
            disk.cutPower(after: cut)
            var errors: [StorageError] = []
            var acknowledged = 0
            if let keeper = try? Keeper(disk) {
                keeper.work(&errors)
                acknowledged = keeper.acknowledged
            } else {
                errors.append(StorageError(.open, path: "", reason: .unexpectedEnd))
            }
            isCut = !errors.isEmpty
            disk.cutPower(after: .max)
            let next = try Keeper(disk)
            #expect(next.numbers.count >= acknowledged, "killed after \(cut)")
            try next.learn()
            let last = try Keeper(disk.afterPowerCut(.nothing))
            #expect(last.numbers == next.numbers, "killed after \(cut)")
            cut += 1
        }
        #expect(cut > 50)
    }

    /// The system shows a record that it could not write, and considers it written.
    @Test func recordOfAFailedSynchronization_isWrittenAgainByTheNextProcess() throws {
        for count in 0..<5 {
            for isTorn in [false, true] {
                let disk = SimulatedDisk()
                let keeper = try Keeper(disk)
                disk.failSynchronization(after: count)
                for _ in 0..<count { try keeper.learn() }
                #expect(throws: StorageError.self) { try keeper.learn() }
                #expect(!keeper.log.isUsable)
                if isTorn {
                    let file = try File(keeper.model.logPath(0), .readWrite, fileSystem: disk)
                    try file.truncate(to: file.size() + 100)
                }
                let next = try Keeper(disk)
                #expect(next.numbers.count == count + 1)
                try next.learn()
                #expect(try Keeper(disk.afterPowerCut(.nothing)).numbers == next.numbers, "after \(count) records")
            }
        }
    }

    @Test func fullDisk_letsALogBeReadAndGoesOnWhenThereIsRoom() throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        disk.failSynchronization(after: 1)
        try keeper.learn()
        #expect(throws: StorageError.self) { try keeper.learn() }
        let full = FaultyFileSystem(disk)
        full.fail(.write, 0, .error(ENOSPC), isLasting: true)
        let next = try Keeper(full)
        #expect(next.numbers == [1, 2])
        #expect(storageError { () throws(StorageError) in try next.learn() }?.isOutOfSpace == true)
        #expect(storageError { () throws(StorageError) in try next.checkpoint() }?.isOutOfSpace == true)
        #expect(next.log.isUsable)
        full.heal()
        try next.learn()
        #expect(try Keeper(disk.afterPowerCut(.nothing)).numbers == [1, 2, 3])
    }

    @Test(arguments: [EIO, ENOSPC, EINTR, EMFILE])
    func everyFault_losesNothingAcknowledged(number: Int32) throws {
        try injectFaults(.error(number))
    }

    @Test(arguments: [FaultyFileSystem.Fault.short, .shortThenFull])
    func everyShortCount_losesNothingAcknowledged(fault: FaultyFileSystem.Fault) throws {
        try injectFaults(fault)
    }

    private func injectFaults(_ fault: FaultyFileSystem.Fault) throws {
        let base = try disk()
        for operation in FaultyFileSystem.Operation.allCases {
            for isLasting in [false, true] where !isLasting || fault != .error(EINTR) {
                var index = 0
                var wasReached = true
                while wasReached {
                    let disk = base.afterPowerCut(.everything)
                    let faulty = FaultyFileSystem(disk)
                    faulty.fail(operation, index, fault, isLasting: isLasting)
                    var (acknowledged, attempted) = (10, 10)
                    var errors: [StorageError] = []
                    var keeper: Keeper?
                    do throws(StorageError) { keeper = try Keeper(faulty) } catch { errors.append(error) }
                    if let keeper {
                        keeper.work(&errors)
                        acknowledged = keeper.acknowledged
                        attempted = acknowledged + (keeper.log.isUsable ? 0 : 1)
                        let count = faulty.count(operation)
                        wasReached = count > index
                        faulty.heal()
                        // Once there is room again the log accepts records, unless it is unknown what is on the device.
                        if keeper.log.isUsable {
                            try keeper.learn()
                            acknowledged += 1
                            attempted += 1
                        }
                    }
                    let comment = "\(operation) \(index) \(fault) \(isLasting)"
                    if fault == .error(EINTR) || fault == .short { #expect(errors == [], "\(comment)") }
                    // The worst that a crash may leave.
                    let recovered = try Keeper(disk.afterPowerCut(.nothing))
                    try check(recovered, acknowledged: acknowledged, attempted: attempted, comment)
                    index += 1
                }
            }
        }
    }
}
