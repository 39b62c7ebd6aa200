using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;
using Agent.Bench.Provision;

namespace Agent.Bench.Storm;

/// <summary>How a storm of changes went over one side.</summary>
/// <param name="Noted">From the first NOTIFY until each had been answered.</param>
/// <param name="Served">From the first NOTIFY until each zone was served with the new serial.</param>
/// <param name="Repeated">NOTIFYs that were sent again, because they were not answered, or not with NOERROR.</param>
/// <param name="Forgotten">Zones that were answered for, and served with the new serial only after they had been told once more.</param>
internal sealed record ChangeOutcome(TimeSpan Noted, TimeSpan Served, int Repeated, int Forgotten);

/// <summary>
/// Many zones that have changed at the same master: a NOTIFY for each, as many under way as a socket of a server without a large buffer
/// takes, while others ask until each is served.
/// </summary>
internal static class ChangeStorm
{
    private const int Outstanding = 128;
    private const int SilenceMilliseconds = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(3);

    /// <summary>The most zones of one storm: each NOTIFY has an id of its own.</summary>
    public const int ZonesMax = ushort.MaxValue;

    /// <exception cref="TimeoutException">Some are never answered, or never served.</exception>
    public static async Task<ChangeOutcome> RunAsync(StormSide side, IReadOnlyList<string> zones, uint serial)
    {
        long started = Stopwatch.GetTimestamp();
        Task<(TimeSpan Noted, int Repeated)> telling = TellAsync(side.Notified, zones);
        IReadOnlyList<string> missing = await ServedSweep.MissingAsync(side.Asked, zones, serial, Standstill);
        (TimeSpan noted, int repeated) = await telling;
        int forgotten = missing.Count;
        while (missing.Count > 0)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"{side.Subject}: {missing.Count} zones do not come to serial {serial}\n{side.Output()}");
            await TellAsync(side.Notified, missing);
            missing = await ServedSweep.MissingAsync(side.Asked, missing, serial, Standstill);
        }

        return new ChangeOutcome(noted, Stopwatch.GetElapsedTime(started), repeated, forgotten);
    }

    private static Task<(TimeSpan Noted, int Repeated)> TellAsync(IPEndPoint server, IReadOnlyList<string> zones) =>
        Task.Factory.StartNew(
            () => Tell(server, zones), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static (TimeSpan Noted, int Repeated) Tell(IPEndPoint server, IReadOnlyList<string> zones)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(server);
        socket.ReceiveTimeout = SilenceMilliseconds;
        Queue<int> waiting = new(Enumerable.Range(0, zones.Count));
        HashSet<int> open = [];
        byte[] answer = new byte[4096];
        int repeated = 0;
        long started = Stopwatch.GetTimestamp();
        while (waiting.Count > 0 || open.Count > 0)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"{waiting.Count + open.Count} NOTIFYs are never answered NOERROR");
            while (open.Count < Outstanding && waiting.TryDequeue(out int zone))
            {
                open.Add(zone);
                socket.Send(DnsTestMessage.Request((ushort)zone, WorkerClient.NotifyFlags, zones[zone], DnsTestMessage.TypeSoa));
            }

            try
            {
                int length = socket.Receive(answer);
                int zone = BinaryPrimitives.ReadUInt16BigEndian(answer);
                if (length < 12 || !open.Remove(zone) || (answer[3] & 0xF) == 0) continue;
                waiting.Enqueue(zone);
                repeated++;
            }
            catch (SocketException silence) when (silence.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                repeated += open.Count;
                foreach (int zone in open) waiting.Enqueue(zone);
                open.Clear();
            }
        }

        return (Stopwatch.GetElapsedTime(started), repeated);
    }
}
