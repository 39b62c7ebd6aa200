using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace Agent.Host.Telemetry;

/// <summary>
/// Listens to the agent's instruments and shows them in Prometheus' text format (version 0.0.4). The instruments themselves are
/// the runtime's, so any other exporter can listen beside this one.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, MetricSeries> _series = new();
    private readonly Lock _page = new();

    public PrometheusExporter(string meterName)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == meterName) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>All series as they stand now.</summary>
    public string Text()
    {
        // What is looked up now is all there is: a master or a catalog that is gone has no series any more. One page at a time, so that
        // none shows the gap.
        lock (_page)
        {
            foreach ((Instrument instrument, MetricSeries series) in _series)
            {
                if (instrument.IsObservable) series.Clear();
            }

            _listener.RecordObservableInstruments();
            var output = new StringBuilder();
            foreach (MetricSeries series in _series.Values.OrderBy(s => s.Name, StringComparer.Ordinal)) series.Write(output);
            return output.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Measured(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        MetricSeries series = _series.GetOrAdd(instrument, static i => new MetricSeries(i, KindOf(i)));
        if (instrument.IsObservable) series.Set(value, tags);
        else series.Add(value, tags);
    }

    private static MetricKind KindOf(Instrument instrument)
    {
        Type kind = instrument.GetType().GetGenericTypeDefinition();
        return kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>) ? MetricKind.Counter
            : kind == typeof(Histogram<>) ? MetricKind.Histogram
            : MetricKind.Gauge;
    }
}
