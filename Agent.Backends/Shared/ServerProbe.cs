using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>What a server said about a zone, or why it said nothing.</summary>
/// <param name="Kind">The conclusion.</param>
/// <param name="Answer">The answer it is drawn from; null when none came.</param>
/// <param name="Text">What happened, as a sentence for an operator.</param>
public sealed record ServerFinding(SoaAnswerKind Kind, SoaAnswer? Answer, string Text)
{
    /// <summary>The server's identifier in the answer (RFC 5001); null when there was none.</summary>
    public string? Nsid { get; init; }

    /// <summary>A signature came with the SOA; never where none was asked for.</summary>
    public bool IsSigned { get; init; }
}

/// <summary>
/// Asks a DNS server for the SOA of a zone, as its clients would: without recursion, by UDP with two repeats, by TCP when cut off.
/// Only answers from the address asked, with our id and our question, count. Each question asks for the server's identifier as well; one
/// that knows no EDNS, and says so, is asked without. Never throws for what a server does.
/// </summary>
/// <remarks>Safe for any number of callers; how their questions share sockets, and so source ports, see
/// <see cref="QuestionSockets"/>.</remarks>
public sealed class ServerProbe
{
    private const int MessageSizeMax = 65535;

    // What goes through any network in one piece. A larger answer comes cut off, and is asked for by TCP.
    private const int UdpSizeAsked = 1232;

    private static readonly TimeSpan[] Patience = [TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];
    private static readonly TimeSpan TcpPatience = TimeSpan.FromSeconds(3);

    private readonly EndPoint _server;
    private readonly TimeProvider _time;
    private readonly QuestionSockets _sockets;
    private volatile bool _isWithoutEdns;

    /// <summary>A probe for one server, by address or by host name and port.</summary>
    public ServerProbe(EndPoint server, TimeProvider time)
    {
        _server = server;
        _time = time;
        _sockets = new QuestionSockets(time);
    }

    /// <summary>Asks; the token may end it before its own patience (3.5 s by UDP, 3 s more by TCP) does.</summary>
    /// <exception cref="OperationCanceledException">The token said so.</exception>
    public Task<ServerFinding> AskAsync(DomainName zone, CancellationToken cancellation) =>
        AskAsync(zone, withSignatures: false, cancellation);

    /// <summary>The same, and for signatures where it is said.</summary>
    /// <exception cref="OperationCanceledException">The token said so.</exception>
    public async Task<ServerFinding> AskAsync(DomainName zone, bool withSignatures, CancellationToken cancellation)
    {
        try
        {
            IPEndPoint address = await ResolveAsync(cancellation);
            Form form = _isWithoutEdns ? Form.Plain : withSignatures ? Form.WithSignatures : Form.WithEdns;
            Heard? heard = await AskAsync(address, zone, form, cancellation);
            if (form != Form.Plain && heard is { Nsid: null, Answer.ResponseCode: ResponseCode.FormErr or ResponseCode.NotImp })
            {
                heard = await AskAsync(address, zone, Form.Plain, cancellation);
                _isWithoutEdns = heard is { Answer.Cause: not SoaAnswerCause.ErrorCode };
            }

            return heard is { Answer: var given }
                ? new ServerFinding(given.Kind, given, $"{_server} {given.Text()}") { Nsid = heard.Nsid, IsSigned = heard.IsSigned }
                : new ServerFinding(SoaAnswerKind.CannotTell, Answer: null, $"{_server} does not answer a SOA query for {zone}");
        }
        catch (SocketException error)
        {
            return new ServerFinding(SoaAnswerKind.CannotTell, Answer: null, $"{_server} cannot be asked: {error.Message}");
        }
    }

    private async Task<Heard?> AskAsync(IPEndPoint address, DomainName zone, Form form, CancellationToken cancellation)
    {
        Heard? heard = await AskByUdpAsync(address, zone, form, cancellation);
        return heard?.Answer.Cause == SoaAnswerCause.Truncated ? await AskByTcpAsync(address, zone, form, cancellation) : heard;
    }

    private static byte[] Compose(ushort id, DomainName zone, Form form)
    {
        byte[] buffer = new byte[MessageHeader.Size + zone.Wire.Length + 4 + ServerIdentifier.QuestionSize];
        MessageWriter writer = new(buffer, id, MessageHeader.ComposeFlags(Opcode.Query));
        writer.TryWriteQuestion(zone, RecordType.SOA);
        if (form != Form.Plain) ServerIdentifier.Ask(ref writer, UdpSizeAsked, form == Form.WithSignatures);
        return writer.Written.ToArray();
    }

    private async Task<IPEndPoint> ResolveAsync(CancellationToken cancellation)
    {
        if (_server is IPEndPoint address)
            return address;
        DnsEndPoint named = (DnsEndPoint)_server;
        IPAddress[] found = await System.Net.Dns.GetHostAddressesAsync(named.Host, cancellation);
        return found.Length > 0 ? new IPEndPoint(found[0], named.Port) : throw new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<Heard?> AskByUdpAsync(IPEndPoint address, DomainName zone, Form form, CancellationToken cancellation)
    {
        Answer answer = new(zone);
        using DatagramQuestion question = _sockets.Open(address, answer.Take);
        answer.Id = question.Id;
        byte[] query = Compose(question.Id, zone, form);
        SocketException? refused = null;
        foreach (TimeSpan patience in Patience)
        {
            try
            {
                refused = null;
                if (await question.AskAsync(query, patience, cancellation))
                    return answer.Heard;
            }
            catch (SocketException error)
            {
                // Nobody listens there just now: no use in waiting, the next try tells whether that was a passing thing.
                refused = error;
            }
        }

        return refused is null ? null : throw refused;
    }

    private async Task<Heard?> AskByTcpAsync(IPEndPoint address, DomainName zone, Form form, CancellationToken cancellation)
    {
        ushort id = MessageIds.Next();
        byte[] query = Compose(id, zone, form);
        using CancellationTokenSource late = new(TcpPatience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        using Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, either.Token);
            byte[] framed = new byte[query.Length + 2];
            BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
            query.CopyTo(framed, 2);
            await socket.SendAsync(framed, either.Token);
            byte[] buffer = new byte[MessageSizeMax];
            if (!await FillAsync(socket, buffer.AsMemory(0, 2), either.Token))
                return null;
            Memory<byte> message = buffer.AsMemory(0, BinaryPrimitives.ReadUInt16BigEndian(buffer));
            return await FillAsync(socket, message, either.Token) ? Heard.Of(message.Span, zone, id) : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<bool> FillAsync(Socket socket, Memory<byte> destination, CancellationToken cancellation)
    {
        while (!destination.IsEmpty)
        {
            int got = await socket.ReceiveAsync(destination, cancellation);
            if (got == 0)
                return false;
            destination = destination[got..];
        }

        return true;
    }

    /// <summary>How a question is put.</summary>
    private enum Form
    {
        Plain = 0,
        WithEdns = 1,
        WithSignatures = 2,
    }

    private sealed record Heard(SoaAnswer Answer, string? Nsid, bool IsSigned)
    {
        public static Heard Of(ReadOnlySpan<byte> message, DomainName zone, ushort id) =>
            new(SoaAnswer.Read(message, zone, id), ServerIdentifier.In(message), HasSignature(message, zone));

        /// <summary>Only the SOA is answered with, so a signature of the name is one over it.</summary>
        private static bool HasSignature(ReadOnlySpan<byte> message, DomainName zone)
        {
            MessageReader reader = new(message);
            while (reader.TryReadQuestion(out _))
            {
            }

            while (reader.TryReadRecord(out RecordView record))
            {
                if (record is { Section: MessageSection.Answer, Type: RecordType.RRSIG } && record.OwnerEquals(zone.Wire))
                    return true;
            }

            return false;
        }
    }

    /// <summary>What the datagrams to one question bring.</summary>
    private sealed class Answer(DomainName zone)
    {
        public ushort Id { get; set; }

        public Heard? Heard { get; private set; }

        public bool Take(ReadOnlySpan<byte> datagram)
        {
            Heard heard = Heard.Of(datagram, zone, Id);
            if (heard.Answer.Cause is SoaAnswerCause.NotOurs or SoaAnswerCause.Malformed)
                return false;
            Heard = heard;
            return true;
        }
    }
}
