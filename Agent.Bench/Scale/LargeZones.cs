using Agent.Bench.Ingest;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Scale;

/// <summary>One zone of more and more records, taken in from a master that is never the limit until it is served.</summary>
internal sealed class LargeZones(BenchReport report)
{
    private const string FirstZone = "first.example.";
    private readonly GrowthTable _table = new(report, "records");

    public async Task RunAsync(IEnumerable<int> counts, int rounds)
    {
        await using RecordedMaster master = new();
        TransferRecording first = TransferRecording.Write(FirstZone, 1, 10);
        master.Set(first);
        foreach (int count in counts.Order())
        {
            TransferRecording zone = TransferRecording.Write("large.example.", 1, count);
            master.Set(zone);
            for (int round = 0; round < rounds; round++)
            {
                IngestResult result = await new AgentAsSecondary().RunAsync(master.EndPoint, zone, first);
                foreach ((string reached, double seconds) in result.Seconds) _table.Add($"order to {reached}", "s", count, seconds);
                _table.Add("peak memory", "MiB", count, result.PeakMebibytes!.Value);
            }
        }

        _table.AddExponents();
    }
}
