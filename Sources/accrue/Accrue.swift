internal import Benchmarks
internal import ClassifierService
import CommandSupport
import Foundation
internal import LinearAlgebra

/// The command line: finds the command and turns errors into messages and exit statuses.
@main enum Accrue {
    static let version = Service.version

    static var commands: [any Command.Type] {
        [
            ServeCommand.self, ModelsCommand.self, LearnCommand.self, PredictCommand.self, SnapshotCommand.self, RestoreCommand.self,
            VerifyCommand.self, InspectCommand.self, DemoCommand.self, BenchCommand.self, CompletionCommand.self,
        ]
    }

    static func main() {
        var words = Array(CommandLine.arguments.dropFirst())
        guard let first = words.first else {
            complain(help)
            exit(ExitStatus.usage)
        }
        words.removeFirst()
        switch first {
        case "--version", "version": print("accrue \(version)")
        case "--help", "-h", "help":
            if let name = words.first, let command = commands.first(where: { $0.name == name }) {
                print(command.help, terminator: "")
            } else {
                print(help, terminator: "")
            }
        default:
            guard let command = commands.first(where: { $0.name == first }) else {
                fail("unknown command \"\(first)\"", hint: "accrue --help", status: ExitStatus.usage)
            }
            run(command, words)
        }
    }

    private static func run(_ command: any Command.Type, _ words: [String]) {
        if words.contains("--help") || words.contains("-h") {
            print(command.help, terminator: "")
            return
        }
        if command.computes {
            Restart.ifFaster()
            Heap.returnLargeBlocks()
        }
        do {
            try command.run(try ParsedArguments(words, options: command.options))
        } catch let error as UsageError {
            fail(error.message, hint: "accrue \(command.name) --help", status: ExitStatus.usage)
        } catch let error as any StatusError {
            fail(error.description, hint: nil, status: error.status)
        } catch {
            fail("\(error)", hint: nil, status: ExitStatus.failure)
        }
    }

    private static func fail(_ message: String, hint: String?, status: Int32) -> Never {
        // A message may quote a file's content.
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map { VisibleText.of(String($0)) }
        complain("accrue: \(lines.joined(separator: "\n"))\n" + (hint.map { "try: \($0)\n" } ?? ""))
        exit(status)
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    private static var help: String {
        var text = """
            accrue \(version): an online classifier service that learns exactly and forgets nothing

            usage: accrue COMMAND [OPTIONS]


            """
        for command in commands {
            text += "  " + command.name.padding(toLength: 12, withPad: " ", startingAt: 0) + command.summary + "\n"
        }
        text += """

              accrue COMMAND --help   the options of a command
              accrue --version        the version

            Exit status: 0 success, 1 failure, 2 wrong usage, 3 server unreachable or overloaded,
            130 interrupted by Ctrl-C, 143 by SIGTERM.

            """
        return text
    }
}
