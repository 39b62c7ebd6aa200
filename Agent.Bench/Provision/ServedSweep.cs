using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// Asks a server for the SOA of many zones until each has the wanted serial: over one socket and some at a time, the next ones only when
/// the first are served, and four fifths of the time not at all, so that asking costs little beside what is waited for. Silence (a lost
/// datagram, or a server that says nothing about what it does not have) is asked again.
/// </summary>
internal static class ServedSweep
{
    private const int Window = 64;
    private const int SilenceMilliseconds = 50;

    // A server that is slow to answer is busy with answering: asked all the time, it had only half of its time left for what is measured.
    private const int PausesPerLook = 4;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(2);

    /// <exception cref="TimeoutException">Some are never served like that.</exception>
    public static async Task UntilAsync(
        IPEndPoint server, IReadOnlyList<string> zones, uint serial, TimeSpan patience, Func<string> describe)
    {
        IReadOnlyList<string> still = await MissingAsync(server, zones, serial, patience);
        if (still.Count > 0)
            throw new TimeoutException($"{still.Count} zones, {still[0]} for one, do not come to serial {serial}\n{describe()}");
    }

    /// <summary>Those that are not served when no further one comes to be served for so long.</summary>
    public static Task<IReadOnlyList<string>> MissingAsync(
        IPEndPoint server, IReadOnlyList<string> zones, uint serial, TimeSpan patience) => Task.Factory.StartNew(
            () => Missing(server, zones, serial, patience),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

    private static IReadOnlyList<string> Missing(IPEndPoint server, IReadOnlyList<string> zones, uint serial, TimeSpan patience)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(server);
        socket.ReceiveTimeout = SilenceMilliseconds;
        Asker asker = new(socket, server, serial);
        long progressed = Stopwatch.GetTimestamp();
        int next = 0;
        string[] window = [];
        while (next < zones.Count || window.Length > 0)
        {
            int added = Math.Min(Window - window.Length, zones.Count - next);
            window = [.. window, .. zones.Skip(next).Take(added)];
            next += added;
            long begun = Stopwatch.GetTimestamp();
            string[] missing = [.. asker.Missing(window)];
            TimeSpan pause = PausesPerLook * Stopwatch.GetElapsedTime(begun);
            if (missing.Length < window.Length) progressed = Stopwatch.GetTimestamp();
            else if (Stopwatch.GetElapsedTime(progressed) > patience) break;
            if (missing.Length > 0) Thread.Sleep(pause > BetweenLooks ? pause : BetweenLooks);
            window = missing;
        }

        // Those behind a window that stands still may be served.
        return [.. window.Concat(zones.Skip(next)).Chunk(Window).SelectMany(asker.Missing)];
    }

    private sealed class Asker(Socket socket, IPEndPoint server, uint serial)
    {
        private readonly byte[] _buffer = new byte[4096];
        private ushort _nextId;

        /// <summary>Those of them that are not served with the serial.</summary>
        public IEnumerable<string> Missing(string[] zones)
        {
            // An answer that comes after its turn has an id of an earlier one.
            ushort first = _nextId;
            _nextId += (ushort)zones.Length;
            bool[] isServed = new bool[zones.Length];
            int answers = 0;
            try
            {
                foreach ((int index, string zone) in zones.Index())
                    socket.Send(DnsTestMessage.Request((ushort)(first + index), 0, zone, DnsTestMessage.TypeSoa));
                while (answers < zones.Length)
                {
                    int length = socket.Receive(_buffer);
                    ushort index = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(_buffer) - first);
                    if (length < 12 || index >= zones.Length) continue;
                    answers++;
                    isServed[index] = new DnsReply(_buffer[..length], server).Serial == serial;
                }
            }
            catch (SocketException silence) when (silence.SocketErrorCode
                is SocketError.TimedOut or SocketError.WouldBlock or SocketError.ConnectionRefused)
            {
                // Whoever has not answered counts as missing.
            }

            return zones.Where((_, index) => !isServed[index]);
        }
    }
}
