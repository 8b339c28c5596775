internal import AnalyticLearning
internal import TensorFormats

/// How far probabilities can be trusted, as answers say it.
struct CalibrationAnswer {
    /// Nil before enough labels were seen.
    let calibration: Calibration?

    /// What predictions say: the temperature, and how many rows it rests on; null where there is none.
    func writeSummary(to writer: inout JSONWriter) {
        guard let calibration else { return writer.writeNull() }
        writer.beginObject()
        write(calibration, to: &writer)
        writer.endObject()
    }

    /// What model details say: also how well it has done.
    func write(to writer: inout JSONWriter) {
        guard let calibration else { return writer.writeNull() }
        writer.beginObject()
        write(calibration, to: &writer)
        writer.member("expected_calibration_error", calibration.expectedCalibrationError)
        writer.member("expected_calibration_error_raw", calibration.expectedCalibrationErrorOfRawScores)
        writer.endObject()
    }

    private func write(_ calibration: Calibration, to writer: inout JSONWriter) {
        writer.member("temperature", calibration.temperature)
        writer.member("samples", calibration.samples)
    }
}
