import Foundation
import TensorFormats
import Testing

/// The built server with a failing C library, unknown to any part of the program.
@Suite struct PreloadTests {
    /// Fails one call of a function, counted per process, with an error, and makes an empty file to say that it did.
    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <stdatomic.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/types.h>
        #include <unistd.h>

        static atomic_int calls;
        static int fails(const char *name) {
            const char *wanted = getenv("FAULT_CALL");
            if (!wanted || strcmp(wanted, name)) return 0;
            if (atomic_fetch_add(&calls, 1) != atoi(getenv("FAULT_INDEX"))) return 0;
            close(open(getenv("FAULT_MARK"), O_CREAT | O_WRONLY, 0600));
            errno = atoi(getenv("FAULT_ERROR"));
            return 1;
        }
        #define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
        ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
            return fails("pwrite") ? -1 : NEXT(pwrite)(fd, bytes, count, offset);
        }
        ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
            return fails("pwrite") ? -1 : NEXT(pwrite64)(fd, bytes, count, offset);
        }
        int fdatasync(int fd) { return fails("fdatasync") ? -1 : NEXT(fdatasync)(fd); }
        int fsync(int fd) { return fails("fsync") ? -1 : NEXT(fsync)(fd); }
        int ftruncate(int fd, off_t size) { return fails("ftruncate") ? -1 : NEXT(ftruncate)(fd, size); }
        int rename(const char *old, const char *new) { return fails("rename") ? -1 : NEXT(rename)(old, new); }
        """#

    private static let compiler = ["clang", "cc"].compactMap { name in
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }.first

    @Test(
        .enabled(if: compiler != nil, "there is no C compiler"),
        arguments: [
            ("fdatasync", 3, EIO), ("fdatasync", 5, ENOSPC), ("pwrite", 6, ENOSPC), ("pwrite", 8, EIO), ("pwrite", 7, EINTR),
            ("rename", 2, EIO), ("fsync", 10, EIO),
        ])
    func failingCall_losesNothingAcknowledged(call: String, index: Int, error: Int32) throws {
        let models = KeptModels()
        try FileManager.default.createDirectory(atPath: models.path, withIntermediateDirectories: true)
        let (source, library) = (models.path + "/fault.c", models.path + "/fault.so")
        try Self.source.write(toFile: source, atomically: false, encoding: .utf8)
        let compile = try Process.run(
            URL(fileURLWithPath: Self.compiler!), arguments: ["-shared", "-fPIC", "-o", library, source, "-ldl"])
        compile.waitUntilExit()
        try #require(compile.terminationStatus == 0)
        let mark = models.path + "/failed"
        let environment = [
            "LD_PRELOAD": library, "FAULT_CALL": call, "FAULT_INDEX": "\(index)", "FAULT_ERROR": "\(error)", "FAULT_MARK": mark,
        ]
        let data = models.path + "/data"
        var server = try ServerProcess(data: data, ["--checkpoint-log", "300"], environment: environment)
        var client = TestClient(port: server.port)
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        var joint = JointSolution(ridge: 0.1)
        var statuses: [Int] = []
        let batches = (0..<12).map { ([[Double($0), 1], [1, Double($0)]], ["a", "b\($0 % 3)"]) }
        for (number, batch) in batches.enumerated() {
            let reply = try client.send("POST", "/v1/models/m/learn", Bodies.learn(batch.0, batch.1), key: "k\(number)")
            statuses.append(reply.status)
            #expect([200, 503, 507].contains(reply.status), "\(reply.text)")
        }
        // How many calls the batches made depends on how many of them a checkpoint under way took along.
        for _ in 0..<20 where !FileManager.default.fileExists(atPath: mark) {
            statuses.append(try client.send("PATCH", "/v1/models/m", #"{"ridge":0.1}"#).status)
        }
        #expect(FileManager.default.fileExists(atPath: mark))
        // Waits for a checkpoint under way, and makes another one.
        statuses.append(try client.send("PATCH", "/v1/models/m", #"{"ridge":0.1}"#).status)
        if statuses.contains(200) {
            #expect(try client.send("POST", "/v1/models/m/predict", Bodies.predict([[1, 1]])).status == 200)
        }
        if error == EINTR { #expect(statuses.allSatisfy { $0 == 200 }) }
        let log = server.kill()
        // A client or the log reports the fault.
        #expect(error == EINTR || statuses.contains { $0 != 200 } || log.contains(#""level":"error""#), "\(log)")
        server = try ServerProcess(data: data)
        client = TestClient(port: server.port)
        // Everything once more under its key; refused requests succeed now.
        for (number, batch) in batches.enumerated() {
            let reply = try client.send("POST", "/v1/models/m/learn", Bodies.learn(batch.0, batch.1), key: "k\(number)")
            #expect(reply.status == 200, "\(reply.text)")
            joint.learn(batch.0, batch.1)
        }
        let snapshot = try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
        #expect(snapshot.metadataValue("samples") == "\(joint.samples)", "\(statuses)")
        #expect(joint.relativeDifference(from: snapshot.elements("weight"), labels: snapshot.labels) < 1e-9)
        server.kill()
    }
}
