import Testing

@testable import LinearAlgebra

@Suite struct KernelChoiceTests {
    private static let timeout = ["OPENBLAS_THREAD_TIMEOUT": "16"]

    @Test(
        arguments: [
            // A processor newer than the library.
            ("Prescott", KernelChoice.Vectors.avx512, "SkylakeX"), ("Prescott", .avx2, "Haswell"), ("Nehalem", .avx, "Sandybridge"),
            ("Haswell", .avx512, "SkylakeX"), ("Barcelona", .avx2, "Haswell"),
            // The right kernels, and those chosen by someone who knew the processor.
            ("Prescott", .sse, nil), ("Haswell", .avx2, nil), ("SkylakeX", .avx512, nil), ("Zen", .avx512, nil),
            ("Cooperlake", .avx512, nil),
            ("neoversen1", .sse, nil), (nil, .avx512, nil),
        ] as [(String?, KernelChoice.Vectors, String?)])
    func kernels_fitTheProcessor(core: String?, processor: KernelChoice.Vectors, expected: String?) {
        let choice = KernelChoice(core: core, processor: processor) { _ in false }
        #expect(choice.variables["OPENBLAS_CORETYPE"] == expected)
    }

    @Test func whatIsSetIsLeftAlone() {
        let nothing = KernelChoice(core: "Prescott", processor: .avx512) { _ in true }
        #expect(nothing.variables.isEmpty)
        let kernels = KernelChoice(core: "Prescott", processor: .avx512) { $0 == "OPENBLAS_CORETYPE" }
        #expect(kernels.variables == Self.timeout)
    }

    /// Even if the library ignores it: otherwise the program would restart itself forever.
    @Test(arguments: ["Prescott", "Haswell", "SkylakeX", "Zen"]) func whatItAsksForIsNeverAskedForTwice(core: String) {
        var environment: Set<String> = []
        for round in 0..<2 {
            let choice = KernelChoice(core: core, processor: .avx512) { environment.contains($0) }
            #expect(choice.variables.isEmpty == (round == 1))
            environment.formUnion(choice.variables.keys)
        }
    }

    @Test(arguments: [
        ("fpu sse sse2", KernelChoice.Vectors.sse), ("sse2 avx", .avx), ("avx avx2", .avx), ("avx avx2 fma", .avx2),
        ("avx avx2 fma avx512f avx512cd", .avx2), ("avx avx2 fma avx512f avx512dq avx512cd avx512bw avx512vl", .avx512), ("", .sse),
    ])
    func vectors_areReadFromTheFlags(flags: String, expected: KernelChoice.Vectors) {
        #expect(KernelChoice.Vectors(flags: flags.split(separator: " ")) == expected)
    }
}
