using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Bench.Chaos;

/// <summary>Asks every target for every zone, over and over, and remembers each serial that went back.</summary>
internal sealed class SerialProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<(string Target, string Zone), uint> _last = new();
    private readonly ConcurrentQueue<string> _steps = new();
    private long _answers;

    /// <summary>Each time a target showed an older serial than before.</summary>
    public IReadOnlyList<string> StepsBack => [.. _steps];

    /// <summary>Serials that were seen.</summary>
    public long Answers => Volatile.Read(ref _answers);

    /// <summary>The serial that a server shows; 0 when it answers without one, null when it does not answer.</summary>
    public static async Task<uint?> AskAsync(IPEndPoint server, string zone, TimeSpan? patience = null)
    {
        byte[] request = DnsTestMessage.Request((ushort)Random.Shared.Next(ushort.MaxValue), 0, zone, DnsTestMessage.TypeSoa);
        try
        {
            byte[]? answer = await DnsSender.AskByUdpAsync(server, request, patience ?? Patience);
            return answer is null ? null : new DnsReply(answer, server).Serial ?? 0;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Looks at one target until it is told to stop.</summary>
    public async Task WatchAsync(string target, Func<IPEndPoint> server, IReadOnlyList<string> zones, CancellationToken stop)
    {
        using PeriodicTimer pace = new(Pause);
        while (!stop.IsCancellationRequested)
        {
            foreach (string zone in zones)
            {
                if (stop.IsCancellationRequested) return;
                uint? serial = await AskAsync(server(), zone);
                if (serial is null) break;
                if (serial > 0) Note(target, zone, serial.Value);
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>What a target has just shown.</summary>
    public void Note(string target, string zone, uint serial)
    {
        Interlocked.Increment(ref _answers);
        uint before = _last.GetValueOrDefault((target, zone));
        if (serial < before)
            _steps.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{zone} at {target} went back from {before} to {serial}"));
        _last[(target, zone)] = serial;
    }
}
