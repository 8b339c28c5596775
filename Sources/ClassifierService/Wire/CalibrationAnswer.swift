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
        writer.key("expected_calibration_error")
        writer.write(calibration.expectedCalibrationError)
        writer.key("expected_calibration_error_raw")
        writer.write(calibration.expectedCalibrationErrorOfRawScores)
        writer.endObject()
    }

    private func write(_ calibration: Calibration, to writer: inout JSONWriter) {
        writer.key("temperature")
        writer.write(calibration.temperature)
        writer.key("samples")
        writer.write(calibration.samples)
    }
}
