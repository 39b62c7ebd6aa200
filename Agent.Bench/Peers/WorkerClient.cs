using System.Net;

namespace Agent.Bench.Peers;

/// <summary>
/// Stands in for the pool manager's worker (Designate 15): the same octets, the same idea of which answer counts as success. CREATE and
/// DELETE carry opcode 14 with AA set, NOTIFY is sent with RD and without AA, and every request leaves from a fresh socket.
/// </summary>
public sealed class WorkerClient(IPEndPoint agent, bool useTcp = false)
{
    public const ushort ControlFlags = 0x7400;
    public const ushort NotifyFlags = 0x2100;
    public const ushort ClassControl = 65280;
    public const ushort TypeCreate = 65282;
    public const ushort TypeDelete = 65283;

    public static readonly TimeSpan ControlTimeout = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan NotifyTimeout = TimeSpan.FromSeconds(10);

    private const int QueriesMax = 4;

    private static readonly TimeSpan QueryPatience = TimeSpan.FromSeconds(5);

    private static int _lastId = Random.Shared.Next(ushort.MaxValue);

    public IPEndPoint Agent { get; } = agent;

    public Task<DnsReply> CreateAsync(string zone) =>
        AskAsync(ControlFlags, zone, TypeCreate, ClassControl, ControlTimeout);

    public Task<DnsReply> DeleteAsync(string zone) =>
        AskAsync(ControlFlags, zone, TypeDelete, ClassControl, ControlTimeout);

    public Task<DnsReply> NotifyAsync(string zone, ushort flags = NotifyFlags) =>
        AskAsync(flags, zone, DnsTestMessage.TypeSoa, DnsTestMessage.ClassIn, NotifyTimeout);

    public Task<DnsReply> QuerySoaAsync(string zone) =>
        AskAsync(0x0100, zone, DnsTestMessage.TypeSoa, DnsTestMessage.ClassIn, NotifyTimeout);

    /// <summary>CREATE, and the worker's verdict on the answer.</summary>
    public async Task CreateAcceptedAsync(string zone) => EnsureAccepted(await CreateAsync(zone));

    /// <summary>DELETE, and the worker's verdict on the answer.</summary>
    public async Task DeleteAcceptedAsync(string zone) => EnsureAccepted(await DeleteAsync(zone));

    /// <summary>NOTIFY; the worker takes any answer that it can read, the tests want the good one.</summary>
    public async Task NotifyAcceptedAsync(string zone) => EnsureAccepted(await NotifyAsync(zone));

    /// <summary>What the worker's poll makes of an SOA query: the serial, or 0 when the answer section is empty.</summary>
    public static async Task<uint> PollSerialAsync(IPEndPoint nameServer, string zone)
    {
        byte[] request = DnsTestMessage.Request(NextId(), 0x0100, zone, DnsTestMessage.TypeSoa);
        byte[]? answer = await DnsSender.AskByUdpAsync(nameServer, request, NotifyTimeout);
        return answer is null ? 0 : new DnsReply(answer, nameServer).Serial ?? 0;
    }

    /// <summary>
    /// The serial that the name server shows, 0 when it answers without one. Silence is neither: a receive buffer that many queries at
    /// once fill loses some of them, so it is asked again.
    /// </summary>
    /// <exception cref="TimeoutException">It stays silent.</exception>
    public static async Task<uint> SerialAsync(IPEndPoint nameServer, string zone, TimeSpan? patience = null)
    {
        for (int query = 0; query < QueriesMax; query++)
        {
            byte[] request = DnsTestMessage.Request(NextId(), 0x0100, zone, DnsTestMessage.TypeSoa);
            if (await DnsSender.AskByUdpAsync(nameServer, request, patience ?? QueryPatience) is { } answer)
            {
                return new DnsReply(answer, nameServer).Serial ?? 0;
            }
        }

        throw new TimeoutException($"{nameServer} answers none of {QueriesMax} queries for {zone}");
    }

    /// <summary>Polls until the name server shows this serial.</summary>
    public static Task ServedAsync(IPEndPoint nameServer, string zone, uint serial, Func<string>? describe = null) =>
        Eventually.HoldsAsync(
            async () => await PollSerialAsync(nameServer, zone) == serial,
            () => $"{zone} with serial {serial} at {nameServer}\n{describe?.Invoke()}");

    /// <summary>Polls until the name server no longer answers for the zone.</summary>
    public static Task GoneAsync(IPEndPoint nameServer, string zone, Func<string>? describe = null) =>
        Eventually.HoldsAsync(
            async () => await PollSerialAsync(nameServer, zone) == 0,
            () => $"{zone} gone from {nameServer}\n{describe?.Invoke()}");

    /// <summary>The checks of the worker's pool backend: QR, AA, NOERROR. Matching to the request happened on receipt.</summary>
    public static void EnsureAccepted(DnsReply reply)
    {
        if (!reply.IsResponse || !reply.IsAuthoritative || reply.ResponseCode != 0)
        {
            throw new InvalidOperationException($"the worker would count this as a failure: {reply}");
        }
    }

    /// <summary>Any request of one question. The answer must come from the asked address and match in id, opcode and question.</summary>
    public async Task<DnsReply> AskAsync(ushort flags, string name, ushort type, ushort recordClass, TimeSpan timeout)
    {
        byte[] request = DnsTestMessage.Request(NextId(), flags, name, type, recordClass);
        byte[] answer = await ExchangeAsync(request, timeout)
            ?? throw new TimeoutException($"no answer from {Agent} to {Convert.ToHexStringLower(request)}");
        DnsReply reply = new(answer, Agent);
        EnsureAnswers(reply, request);
        return reply;
    }

    /// <summary>An answer belongs to the request whose id, opcode and question it has.</summary>
    public static void EnsureAnswers(DnsReply reply, byte[] request)
    {
        if (!reply.IsResponse || reply.Id != (request[0] << 8 | request[1]) || reply.Opcode != ((request[2] >> 3) & 0xF)
            || !reply.Question.AsSpan().SequenceEqual(request.AsSpan(12)))
        {
            throw new InvalidDataException($"answer {reply} does not belong to request {Convert.ToHexStringLower(request)}");
        }
    }

    /// <summary>Octets there, octets back; null when nothing came in time.</summary>
    public Task<byte[]?> ExchangeAsync(byte[] request, TimeSpan timeout, IPAddress? source = null) => useTcp
        ? DnsSender.AskByTcpAsync(Agent, request, timeout, source)
        : DnsSender.AskByUdpAsync(Agent, request, timeout, source);

    private static ushort NextId() => (ushort)Interlocked.Increment(ref _lastId);
}
