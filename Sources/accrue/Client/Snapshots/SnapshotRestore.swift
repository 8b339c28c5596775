import CommandSupport
import Foundation
import TensorFormats

/// Sends a snapshot to a server, which creates or replaces the model.
enum SnapshotRestore {
    /// - Parameter path: a file, which is resent if that may help; `-` for standard input, which is sent once.
    static func run(model: String, path: String, _ arguments: ParsedArguments) throws {
        let settings = try ClientSettings(arguments)
        let client = ServiceClient(settings)
        let report = ProgressReport(ProgressText(unit: .bytes), isQuiet: arguments.has("--quiet"))
        defer { report.finish() }
        let answer = try send(client, ServiceClient.path(model, "/snapshot"), path, report)
        report.finish()
        guard !arguments.has("--quiet") else { return }
        let (version, samples, classes) = (answer["version"]?.int ?? 0, answer["samples"]?.int ?? 0, answer["classes"]?.int ?? 0)
        print("\(model): version \(version), \(ProgressText.grouped(samples)) samples, \(ProgressText.grouped(classes)) classes")
    }

    private static func send(_ client: ServiceClient, _ call: String, _ path: String, _ report: ProgressReport) throws -> JSONObject {
        let body: RequestBody
        var descriptor: Int32 = -1
        defer { if descriptor >= 0 { close(descriptor) } }
        if path == "-" {
            let stream = try ByteStream("-")
            var sent = 0
            body = .stream { buffer in
                let count = try stream.read(into: buffer)
                sent += count
                let done = sent
                report.update { $0.done = done }
                return count
            }
        } else {
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            var information = stat()
            guard descriptor >= 0, fstat(descriptor, &information) == 0 else {
                throw InputError("\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
            guard information.st_mode & S_IFMT == S_IFREG else { throw InputError("\(path) is not a regular file") }
            try check(descriptor, Int(information.st_size), path)
            report.update { $0.total = Int(information.st_size) }
            body = .file(.init(descriptor: descriptor, count: Int(information.st_size)) { sent in report.update { $0.done = sent } })
        }
        let response = try client.call("PUT", call, contentType: "application/vnd.safetensors", body: body, isFirst: true)
        return try ServiceClient.object(response)
    }

    /// Refuses a file of another kind before sending gigabytes.
    private static func check(_ descriptor: Int32, _ size: Int, _ path: String) throws {
        let file = try MappedInput(descriptor, count: size, name: path)
        do { try withExtendedLifetime(file) { _ = try SafetensorsReader(file.bytes) } } catch {
            throw InputError("\(path) is not a snapshot: \(error)")
        }
    }
}
