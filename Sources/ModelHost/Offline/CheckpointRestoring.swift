internal import AnalyticLearning
internal import Storage

/// Resets a model in a data directory to an older checkpoint, while no server has the directory open.
public enum CheckpointRestoring {
    /// There is no checkpoint of the requested version.
    public struct NoCheckpoint: Error, CustomStringConvertible {
        /// What is missing, and what is available.
        public var description: String
    }

    /// Makes an older checkpoint's state the newest.
    ///
    /// Versions never decrease: the state gets the version after the newest. Other checkpoints stay until the next one is written; rows
    /// learned after the old checkpoint are deleted with their logs.
    ///
    /// - Returns: the new version.
    /// - Throws: `StorageError`, `DamagedState`, or `NoCheckpoint`.
    public static func restore(_ path: String, model name: String, version: Int) throws -> Int {
        // Opening for reading does not create a missing directory.
        try DataDirectory(reading: path).close()
        let data = try DataDirectory(path)
        defer { data.close() }
        guard ModelName.isValid(name), try data.modelNames().contains(name) else {
            throw NoCheckpoint(description: "\(path) has no model named \"\(name)\"")
        }
        let directory = data.model(name)
        if let newest = try directory.checkpoints().last,
            let erasure = (try? CheckpointFile.open(directory, version: newest))?.metadata.erasure
        {
            // Unlearned rows must not return with an older checkpoint.
            try directory.synchronize()
            try erasure.finish(in: directory, newest: newest)
        }
        let versions = try directory.checkpoints()
        guard versions.contains(version) else {
            let known = versions.map(String.init).joined(separator: ", ")
            throw NoCheckpoint(description: "there is no checkpoint of version \(version); available versions: \(known)")
        }
        var newest = max(versions.last ?? version, try directory.logs().last ?? version)
        if let last = versions.last {
            // Clients have also seen versions that are only in the logs. Damage after the readable records is acceptable here: a restore
            // may be meant to discard it. A torn end is cut; otherwise it would contradict the next log.
            if let chain = try? LogChain(directory, after: last) {
                do {
                    while try chain.next() {}
                    _ = try chain.continue()
                } catch {}
                newest = max(newest, chain.version)
            }
        }
        let classifier = try CheckpointFile.open(directory, version: version).restore(notBefore: newest, solvingAnew: true)
        let writer = try directory.beginCheckpoint(version: classifier.version)
        try CheckpointFile.write(classifier, IdempotencyTable(), to: writer)
        _ = try directory.createLog(version: classifier.version)
        try writer.commit()
        try directory.prune(before: classifier.version, keeping: .max)
        return classifier.version
    }
}
