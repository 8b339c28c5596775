import CommandSupport
import Foundation
import TensorFormats

/// `accrue models`: lists, shows, creates and deletes models on a server.
enum ModelsCommand: Command {
    static let name = "models"
    static let summary = "List, show, create or delete models on a server"
    static let usage = "[list | show MODEL | create MODEL | delete MODEL] [OPTIONS]"
    static let operands: [Operand] = [.choice(["list", "show", "create", "delete"]), .model]
    static let options =
        ModelSettings.options("--config", "create: the model's configuration")
        + [
            Option("--yes", nil, "delete: do not ask for confirmation; required in scripts"),
            Option("--names", nil, "list: print only the names, one per line"),
            Option("--json", nil, "print the server's answer"),
        ] + ClientSettings.options

    static func run(_ arguments: ParsedArguments) throws {
        let settings = try ClientSettings(arguments)
        let client = ServiceClient(settings)
        let action = arguments.words.first ?? "list"
        let isList = action == "list"
        guard ["list", "show", "create", "delete"].contains(action) else {
            throw UsageError("unknown action \"\(action)\"; models can list, show, create and delete")
        }
        guard arguments.words.count <= (isList ? 1 : 2), isList || arguments.words.count == 2 else {
            throw UsageError(isList ? "models list takes no argument" : "models \(action) needs one argument: the model")
        }
        if isList { return try list(client, arguments) }
        let path = ServiceClient.path(arguments.words[1])
        switch action {
        case "show": try show(try client.call("GET", path, isFirst: true), arguments)
        case "create":
            let creation = try ModelSettings(arguments, "--config")
            let body = JSONValue.object(try creation.completed(dimension: nil)).description
            try show(try client.call("PUT", path, body: .bytes(Array(body.utf8)), isFirst: true), arguments)
        default: try delete(client, arguments.words[1], path, arguments)
        }
    }

    private static func list(_ client: ServiceClient, _ arguments: ParsedArguments) throws {
        let response = try client.call("GET", "/v1/models", isFirst: true)
        if arguments.has("--json") { return print(response.text) }
        let models = try ServiceClient.object(response)["models"]?.array?.compactMap(\.object) ?? []
        if arguments.has("--names") {
            for model in models { print(model["name"]?.string ?? "") }
            return
        }
        guard !models.isEmpty else { return print("there are no models") }
        let widest = models.map { $0["name"]?.string?.count ?? 0 }.max() ?? 0
        let table = Table([("model", widest), ("version", 9), ("samples", 13), ("classes", 9)])
        table.printHeader()
        for model in models {
            table.printRow(
                [model["name"]?.string ?? ""] + ["version", "samples", "classes"].map { model[$0]?.int.map(ProgressText.grouped) ?? "-" })
        }
        for model in models {
            guard let name = model["name"]?.string, let state = model["state"]?.string else { continue }
            print("\(name) is \(state)\(model["reason"]?.string.map { ": \(VisibleText.of($0))" } ?? "")")
        }
    }

    /// Prints details, one per line; nested values as JSON.
    private static func show(_ response: HTTPClient.Response, _ arguments: ParsedArguments) throws {
        if arguments.has("--json") { return print(response.text) }
        let entries = try ServiceClient.object(response).entries
        let width = entries.map(\.key.count).max() ?? 0
        for entry in entries {
            let value: String =
                switch entry.value {
                case .string(let text): VisibleText.of(text)
                case .integer(let number) where entry.key != "version": ProgressText.grouped(number)
                case .object(let object) where entry.key == "evaluation": summary(object)
                case .array(let entries) where entry.key == "race": race(entries)
                default: entry.value.description
                }
            print(entry.key.padding(toLength: width + 2, withPad: " ", startingAt: 0) + value)
        }
    }

    /// The numbers of the evaluation; classes and confusions are for `--json`.
    private static func summary(_ evaluation: JSONObject) -> String {
        evaluation.entries.compactMap { entry in
            switch entry.value {
            case .integer, .number, .null: "\(entry.key) \(entry.value)"
            default: nil
            }
        }.joined(separator: ", ")
    }

    /// Accuracy and balanced accuracy at each balance.
    private static func race(_ entries: [JSONValue]) -> String {
        func rounded(_ value: JSONValue?) -> String { value?.double.map { "\(($0 * 1e4).rounded() / 1e4)" } ?? "-" }
        let lines = entries.compactMap(\.object).map { entry in
            let points = (entry["points"]?.array ?? []).compactMap(\.object).map { point in
                "\(rounded(point["balance"])): \(rounded(point["accuracy"])) (\(rounded(point["balanced_accuracy"])))"
            }
            return "\(entry["weights"]?.string ?? "") \(points.joined(separator: ", "))"
        }
        return lines.isEmpty ? "nothing yet" : lines.joined(separator: "; ")
    }

    /// Reads a line from the terminal; a signal ends the wait.
    private static func typedLine() throws -> String {
        let terminal = try ByteStream("-")
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 12)
        while !line.contains(10), case let count = try buffer.withUnsafeMutableBytes(terminal.read), count > 0 { line += buffer[..<count] }
        return String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func delete(_ client: ServiceClient, _ model: String, _ path: String, _ arguments: ParsedArguments) throws {
        if !arguments.has("--yes") {
            guard isatty(STDIN_FILENO) == 1 else {
                throw UsageError("models delete asks for confirmation, but standard input is not a terminal: use --yes")
            }
            let samples = try client.object("GET", path, isFirst: true)["samples"]?.int ?? 0
            print("delete \(model) with \(ProgressText.grouped(samples)) samples? [y/N] ", terminator: "")
            fflush(nil)
            guard ["y", "yes"].contains(try typedLine().lowercased()) else { throw InputError("\(model) was not deleted") }
        }
        // A repeated delete, sent because its answer was lost, finds nothing: the first one succeeded.
        var tries = 0
        let response = try client.call("DELETE", path, accepting: [404], isFirst: true, onHead: { _ in tries += 1 })
        if response.status == 404, tries == 1 { throw ServerRefusal(code: 404, detail: "there is no model named \"\(model)\"") }
        if !arguments.has("--json") { print("\(model) is deleted") }
    }
}
