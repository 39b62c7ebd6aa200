using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>How a crowd of requests went.</summary>
/// <param name="Duration">From the first request until each had its answer.</param>
/// <param name="Lost">Requests that were not answered and sent again.</param>
/// <param name="Refused">Requests that were not answered NOERROR and sent again.</param>
/// <param name="Milliseconds">Of each name, from the last request for it to its answer; in the order of the names.</param>
internal sealed record CrowdOutcome(TimeSpan Duration, int Lost, int Refused, double[] Milliseconds);

/// <summary>
/// One request for each of many names, so many under way at a time, over one socket and from one thread: who asks must not take the
/// processor from whoever is measured.
/// </summary>
/// <param name="Flags">The octets behind the id (RFC 1035, section 4.1.1).</param>
/// <param name="Outstanding">Requests under way at a time.</param>
/// <param name="Silence">How long a request is waited for before it is sent again.</param>
/// <param name="IsWorkers">Every answer has to stand before the worker's verdict (<see cref="WorkerClient"/>); otherwise NOERROR does, and
/// what is answered with something else is sent again.</param>
internal sealed record RequestCrowd(
    IPEndPoint Server, ushort Flags, ushort Type, ushort RecordClass, int Outstanding, TimeSpan Silence, bool IsWorkers)
{
    /// <summary>The most names of one crowd: each request has an id of its own.</summary>
    public const int NamesMax = ushort.MaxValue;

    private const int HeaderSize = 12;

    private static readonly TimeSpan Standstill = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    /// <summary>Of NOTIFYs: the new serial, which goes with each as its SOA; null: they are sent as the worker sends them.</summary>
    public uint? Serial { get; init; }

    /// <summary>CREATE as the pool manager's worker sends it.</summary>
    public static RequestCrowd OfCreates(IPEndPoint agent, int outstanding) => OfControls(agent, WorkerClient.TypeCreate, outstanding);

    /// <summary>DELETE as the pool manager's worker sends it.</summary>
    public static RequestCrowd OfDeletes(IPEndPoint agent, int outstanding) => OfControls(agent, WorkerClient.TypeDelete, outstanding);

    /// <summary>NOTIFY as the pool manager's worker sends it.</summary>
    public static RequestCrowd OfNotifies(IPEndPoint agent, int outstanding) =>
        OfNotifiesTo(agent, outstanding, WorkerClient.NotifyTimeout) with { IsWorkers = true };

    /// <summary>NOTIFY to any server.</summary>
    public static RequestCrowd OfNotifiesTo(IPEndPoint server, int outstanding, TimeSpan silence) =>
        new(server, WorkerClient.NotifyFlags, DnsTestMessage.TypeSoa, DnsTestMessage.ClassIn, outstanding, silence, IsWorkers: false);

    /// <summary>Returns when each was answered NOERROR.</summary>
    /// <exception cref="TimeoutException">Some never are.</exception>
    /// <exception cref="InvalidOperationException">The worker would count an answer as a failure.</exception>
    /// <exception cref="InvalidDataException">An answer does not belong to its request.</exception>
    public Task<CrowdOutcome> RunAsync(IReadOnlyList<string> names) => Task.Factory.StartNew(
        () => new Run(this, names).ToEnd(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static RequestCrowd OfControls(IPEndPoint agent, ushort type, int outstanding) => new(
        agent, WorkerClient.ControlFlags, type, WorkerClient.ClassControl, outstanding, WorkerClient.ControlTimeout, IsWorkers: true);

    private byte[] RequestFor(int number, string name) => Serial is { } serial
        ? DnsTestMessage.NotifyOf((ushort)number, name, serial)
        : DnsTestMessage.Request((ushort)number, Flags, name, Type, RecordClass);

    private sealed class Run(RequestCrowd crowd, IReadOnlyList<string> names)
    {
        private readonly Queue<int> _waiting = new(Enumerable.Range(0, names.Count));
        private readonly Queue<(int Name, long Sent)> _late = new();
        private readonly long[] _sent = new long[names.Count];
        private readonly double[] _milliseconds = new double[names.Count];
        private readonly byte[] _answer = new byte[4096];
        private int _open;
        private int _lost;
        private int _refused;
        private long _progressed;

        public CrowdOutcome ToEnd()
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(names.Count, NamesMax, nameof(names));
            using Socket socket = new(crowd.Server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 22 };
            socket.Connect(crowd.Server);
            socket.ReceiveTimeout = (int)BetweenLooks.TotalMilliseconds;
            long started = _progressed = Stopwatch.GetTimestamp();
            while (_waiting.Count > 0 || _open > 0)
            {
                if (Stopwatch.GetElapsedTime(_progressed) > Standstill)
                    throw new TimeoutException($"{_waiting.Count + _open} requests to {crowd.Server} are never answered NOERROR");
                while (_open < crowd.Outstanding && _waiting.TryDequeue(out int name)) Send(socket, name);
                Take(socket);
                RepeatLate();
            }

            return new CrowdOutcome(Stopwatch.GetElapsedTime(started), _lost, _refused, _milliseconds);
        }

        private void Send(Socket socket, int name)
        {
            _open++;
            _sent[name] = Stopwatch.GetTimestamp();
            _late.Enqueue((name, _sent[name]));
            socket.Send(crowd.RequestFor(name, names[name]));
        }

        private void Take(Socket socket)
        {
            int length;
            try
            {
                length = socket.Receive(_answer);
            }
            catch (SocketException silence) when (silence.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                return;
            }

            int name = BinaryPrimitives.ReadUInt16BigEndian(_answer);
            if (length < HeaderSize || name >= names.Count || _sent[name] == 0) return;
            _milliseconds[name] = Stopwatch.GetElapsedTime(_sent[name]).TotalMilliseconds;
            Close(name);
            if (crowd.IsWorkers) JudgeAsWorker(name, length);
            if ((_answer[3] & 0xF) == 0)
            {
                _progressed = Stopwatch.GetTimestamp();
                return;
            }

            _refused++;
            _waiting.Enqueue(name);
        }

        private void JudgeAsWorker(int name, int length)
        {
            DnsReply reply = new(_answer[..length], crowd.Server);
            WorkerClient.EnsureAnswers(reply, crowd.RequestFor(name, names[name]));
            WorkerClient.EnsureAccepted(reply);
        }

        private void RepeatLate()
        {
            while (_late.TryPeek(out (int Name, long Sent) first) && Stopwatch.GetElapsedTime(first.Sent) > crowd.Silence)
            {
                _late.Dequeue();
                if (_sent[first.Name] != first.Sent) continue;
                Close(first.Name);
                _lost++;
                _waiting.Enqueue(first.Name);
            }
        }

        private void Close(int name)
        {
            _sent[name] = 0;
            _open--;
        }
    }
}
