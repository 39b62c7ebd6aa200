using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Bench.Storm;

/// <summary>How a storm went.</summary>
/// <param name="Sent">NOTIFYs of the storm, each counted once.</param>
/// <param name="Lost">Left unanswered at first: the kernel dropped them or the answer. Sent again until they were answered.</param>
/// <param name="Busy">Answered SERVFAIL at first, which says "too much at once". Sent again likewise.</param>
/// <param name="NewSerials">How many of them told of a serial that was new.</param>
/// <param name="Duration">From the first NOTIFY until each had its NOERROR.</param>
public sealed record StormOutcome(int Sent, int Lost, int Busy, int NewSerials, TimeSpan Duration);

/// <summary>
/// NOTIFYs for many zones as fast as loopback takes them, most without anything new at the master. Every one is followed until it has been
/// answered NOERROR.
/// </summary>
public sealed class NotifyStorm
{
    private const int PerSocket = 50_000; // each with an id of its own
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly IPEndPoint _agent;
    private readonly FastMaster _master;
    private readonly IReadOnlyList<string> _zones;
    private readonly int _everyNth;
    private int _lost;
    private int _busy;
    private int _newSerials;

    /// <summary>Nothing is sent yet.</summary>
    /// <param name="everyNth">One in so many NOTIFYs is sent after its zone got a new serial at the master.</param>
    public NotifyStorm(IPEndPoint agent, FastMaster master, IReadOnlyList<string> zones, int everyNth)
    {
        _agent = agent;
        _master = master;
        _zones = zones;
        _everyNth = everyNth;
    }

    /// <summary>The names of so many zones.</summary>
    public static IReadOnlyList<string> Zones(int count) =>
        [.. Enumerable.Range(0, count).Select(zone => string.Create(CultureInfo.InvariantCulture, $"zone{zone:d6}.storm.example."))];

    /// <summary>Sends them and returns when each has been answered.</summary>
    /// <exception cref="TimeoutException">Some have no answer however often they are sent.</exception>
    public async Task<StormOutcome> RunAsync(int notifies)
    {
        long started = Stopwatch.GetTimestamp();
        for (int from = 0; from < notifies; from += PerSocket)
        {
            int first = from;
            await Task.Run(() => SendAll(first, Math.Min(PerSocket, notifies - first)));
        }

        return new StormOutcome(notifies, _lost, _busy, _newSerials, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Waits until the agent serves for every zone what the master has.</summary>
    public async Task AllLevelAsync()
    {
        foreach (string zone in _zones)
        {
            await WorkerClient.ServedAsync(_agent, zone, _master.SerialOf(zone));
        }
    }

    private void SendAll(int first, int count)
    {
        using Socket socket = new(_agent.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(_agent);
        socket.ReceiveTimeout = (int)Silence.TotalMilliseconds;
        State[] states = new State[count];
        Thread receiver = new(() => Receive(socket, states, count)) { IsBackground = true };
        receiver.Start();
        for (int index = 0; index < count; index++)
        {
            Renew(first + index);
            Send(socket, first, index);
        }

        receiver.Join();
        _lost += states.Count(state => state == State.Open);
        _busy += states.Count(state => state == State.Busy);
        long repeating = Stopwatch.GetTimestamp();
        while (Array.Exists(states, state => state != State.Answered))
        {
            if (Stopwatch.GetElapsedTime(repeating) > Patience)
            {
                throw new TimeoutException($"{states.Count(state => state != State.Answered)} NOTIFYs are never answered NOERROR");
            }

            Repeat(socket, first, states);
        }
    }

    /// <summary>Sends what is still open in small portions, so that none is lost for the speed of the sender.</summary>
    private void Repeat(Socket socket, int first, State[] states)
    {
        int[] open = [.. Enumerable.Range(0, states.Length).Where(index => states[index] != State.Answered)];
        foreach (int[] portion in open.Chunk(256))
        {
            foreach (int index in portion)
            {
                states[index] = State.Open;
                Send(socket, first, index);
            }

            Receive(socket, states, portion.Length);
        }
    }

    private void Renew(int notify)
    {
        if (notify % _everyNth != 0)
        {
            return;
        }

        string zone = ZoneOf(notify);
        _master.SetSerial(zone, _master.SerialOf(zone) + 1);
        _newSerials++;
    }

    // A prime step, so that the zones with something new change from round to round.
    private string ZoneOf(int notify) => _zones[(int)((long)notify * 7919 % _zones.Count)];

    private void Send(Socket socket, int first, int index) => socket.Send(
        DnsTestMessage.Request((ushort)index, WorkerClient.NotifyFlags, ZoneOf(first + index), DnsTestMessage.TypeSoa));

    /// <summary>Takes answers until so many have come, or none comes for a while: what is open then is lost.</summary>
    private static void Receive(Socket socket, State[] states, int expected)
    {
        byte[] answer = new byte[4096];
        try
        {
            while (expected > 0)
            {
                int length = socket.Receive(answer);
                int index = BinaryPrimitives.ReadUInt16BigEndian(answer);
                if (length >= 12 && index < states.Length && states[index] != State.Answered)
                {
                    expected -= states[index] == State.Open ? 1 : 0;
                    states[index] = (answer[3] & 0xF) == 0 ? State.Answered : State.Busy;
                }
            }
        }
        catch (SocketException silence) when (silence.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            // Whatever was lost is seen by its state.
        }
    }

    private enum State : byte
    {
        Open = 0,
        Answered = 1,
        Busy = 2,
    }
}
