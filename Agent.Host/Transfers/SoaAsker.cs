using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Agent.Actors.Reasons;
using Agent.Actors.Telemetry;
using Agent.Actors.Transfers;
using Agent.Backends.Shared;
using Agent.Dns.Net;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;

namespace Agent.Host.Transfers;

/// <summary>
/// Asks one address for a zone's SOA: by UDP, once more after a quarter of the time, by TCP for the rest or as soon as UDP is
/// cut short or refused; the port is random as well as the id, see <see cref="QuestionSockets"/>. It also asks for the time that the
/// master itself may serve the zone (EDNS EXPIRE), unless the master does not understand an OPT.
/// </summary>
internal sealed class SoaAsker : IDisposable
{
    private const int DatagramSize = 4096;

    private readonly MasterConnectionPool _connections;
    private readonly QuestionSockets _datagrams;
    private readonly TransferKeyring _keyring;
    private readonly TimeProvider _clock;
    private readonly EdnsMemory _edns;
    private readonly int _maximumQuestions;
    private readonly ConcurrentDictionary<IPEndPoint, SemaphoreSlim> _turns = new();

    public SoaAsker(MasterConnectionPool connections, TransferKeyring keyring, TimeProvider clock, int maximumQuestions)
    {
        _connections = connections;
        _datagrams = new QuestionSockets(clock, family => connections.CreateSocket(family, SocketType.Dgram));
        _keyring = keyring;
        _clock = clock;
        _edns = new EdnsMemory(clock);
        _maximumQuestions = maximumQuestions;
    }

    /// <summary>
    /// Answers always, within the time of the request counted from its turn: a queue on our side is no silence of the master's.
    /// </summary>
    public async Task<SoaAnswered> AskAsync(AskSoa request, CancellationToken stopping)
    {
        string why = "it closed the connection without an answer";
        try
        {
            // For each address its own: one that never answers must not take the turns of those that do.
            SemaphoreSlim turns = _turns.GetOrAdd(request.Address.EndPoint, _ => new SemaphoreSlim(_maximumQuestions));
            await turns.WaitAsync(stopping);
            try
            {
                using var deadline = new CancellationTokenSource(request.Timeout, _clock);
                using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopping);
                Verdict? verdict = await AskAnyhowAsync(request, linked.Token);
                if (verdict is { RejectedKey: { } key } && _keyring.TryTurn(request.Address.Master, key))
                    verdict = await AskAnyhowAsync(request, linked.Token);
                if (verdict is { } found)
                    return Judge(request, found);
                _edns.Silent(request.Address.EndPoint);
            }
            finally
            {
                turns.Release();
            }
        }
        catch (OperationCanceledException)
        {
            _edns.Silent(request.Address.EndPoint);
            why = $"no answer within {request.Timeout.TotalSeconds:0.#} s";
        }
        catch (SocketException exception)
        {
            why = exception.Message;
        }
        catch (TlsRefusedException refused)
        {
            return Answer(request, SoaOutcome.Unreachable, 0, refused.Reason.Code, refused.Reason.Text);
        }
        return Answer(request, SoaOutcome.Unreachable, 0, ReasonCode.NoMaster, why);
    }

    public void Dispose()
    {
        foreach (SemaphoreSlim turns in _turns.Values) turns.Dispose();
    }

    private static SoaAnswered Judge(AskSoa request, Verdict verdict)
    {
        if (verdict.SignatureError is { } error)
            return Answer(request, SoaOutcome.CannotTell, 0, ReasonCode.TransferBroken, error);
        SoaAnswer answer = verdict.Answer;
        return answer.Kind switch
        {
            SoaAnswerKind.Authoritative => new SoaAnswered(request.Id, request.Address, SoaOutcome.Serial, answer.Serial, null)
            {
                Expire = verdict.Expire,
            },
            SoaAnswerKind.Absent => Answer(
                request, SoaOutcome.Absent, 0, ReasonCode.ZoneNotAtMaster, $"it {answer.Text()}{verdict.ExtendedError}"),
            _ => Answer(request, SoaOutcome.CannotTell, 0, ReasonCode.TransferBroken, $"it {answer.Text()}{verdict.ExtendedError}"),
        };
    }

    private static SoaAnswered Answer(AskSoa request, SoaOutcome outcome, uint serial, string code, string why) => new(
        request.Id,
        request.Address,
        outcome,
        serial,
        new Reason(
            code, $"Master {request.Address.Text}, asked for the SOA of {request.Zone}: {why}."))
    {
        MasterReason = new Reason(code, $"Master {request.Address.Text}, asked for a SOA: {why}."),
    };

    /// <summary>Over TLS if that is how the master is asked: then nothing about the zone goes out in the clear.</summary>
    private async Task<Verdict?> AskAnyhowAsync(AskSoa request, CancellationToken cancellation)
    {
        bool isByUdp = request.Address.Master.Tls is null && !request.ByTcp;
        Verdict? byUdp = isByUdp ? await AskByUdpAsync(request, cancellation) : null;
        return byUdp ?? await AskByTcpAsync(request, cancellation);
    }

    /// <summary>Null: nothing usable came by UDP, so TCP is to be tried.</summary>
    private async Task<Verdict?> AskByUdpAsync(AskSoa request, CancellationToken cancellation)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(DatagramSize);
        try
        {
            for (int attempt = 0; attempt < 2; attempt++)
            {
                using var exchange = new Exchange(request, _datagrams);
                bool withEdns = _edns.Use(request.Address.EndPoint, isFirst: attempt == 0);
                Question question = exchange.Question = Write(request, buffer, exchange.Datagrams.Id, withEdns);
                if (question.KeyError is { } missing)
                    return new Verdict(default, missing);
                long asked = _clock.GetTimestamp();
                Memory<byte> message = buffer.AsMemory(TcpFramer.PrefixBytes, question.Length);
                // Lost on the way, perhaps: once more.
                if (!await exchange.Datagrams.AskAsync(message, request.Timeout / 4, cancellation))
                    continue;
                ChangeMetrics.Waited(ChangeWait.MasterSoa, _clock.GetElapsedTime(asked));
                if (!DislikesEdns(request, question, exchange.Verdict))
                    return exchange.Verdict;
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode
            is SocketError.ConnectionRefused or SocketError.MessageSize or SocketError.Shutdown)
        {
            // Nobody listens on UDP there, or somebody else disturbs us; TCP may be served all the same.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return null;
    }

    private async Task<Verdict?> AskByTcpAsync(AskSoa request, CancellationToken cancellation)
    {
        while (_connections.TryTake(request.Address, out MasterConnection? kept))
        {
            if (await AskOverAsync(kept, request, cancellation) is { } verdict)
                return verdict;
        }
        MasterConnection fresh = await _connections.ConnectAsync(request.Address, cancellation);
        Verdict? answered = await AskOverAsync(fresh, request, cancellation);
        return answered is null && fresh.Refusal is { } refusal ? throw new TlsRefusedException(refusal) : answered;
    }

    /// <summary>Null: the connection ended before an answer came. The connection is consumed.</summary>
    private async Task<Verdict?> AskOverAsync(MasterConnection connection, AskSoa request, CancellationToken cancellation)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(DatagramSize);
        using var framer = new TcpFramer();
        bool isReusable = false;
        try
        {
            ushort id = MessageIds.Next();
            using Question question = Write(request, buffer, id, _edns.Use(request.Address.EndPoint, isFirst: false));
            if (question.KeyError is { } missing)
                return new Verdict(default, missing);
            int frame = TcpFramer.Seal(buffer, question.Length);
            await connection.SendAsync(buffer.AsMemory(0, frame), cancellation);
            ReadOnlyMemory<byte> message;
            while (!framer.TryRead(out message))
            {
                int received = await connection.ReceiveAsync(framer.ReceiveBuffer, cancellation);
                if (received == 0)
                    return null;
                framer.Advance(received);
            }
            isReusable = !framer.IsInsideMessage;
            Verdict verdict = question.Read(message.Span, request);
            return DislikesEdns(request, question, verdict) ? null : verdict;
        }
        catch (SocketException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (isReusable)
                _connections.Return(connection);
            else
                connection.Dispose();
        }
    }

    // The message stands behind room for the length that TCP puts before it.
    private Question Write(AskSoa request, byte[] buffer, ushort id, bool withEdns)
    {
        Span<byte> message = buffer.AsSpan(TcpFramer.PrefixBytes);
        int length = TransferQuery.WriteSoa(message, request.Zone, id, withEdns, withExpire: withEdns);
        Master master = request.Address.Master;
        TransferSignature? signature = _keyring.Begin(master);
        if (master.Tls is not null)
            length = TransferQuery.Pad(message, length, signature?.RequestSize ?? 0);
        if (master.KeyName is not { } keyName)
            return new Question(id, length, withEdns, null, null);
        return signature is null
            ? new Question(id, length, withEdns, null, $"there is no key {keyName} to sign the question with")
            : new Question(id, signature.Sign(message, length), withEdns, signature, null);
    }

    /// <summary>True when the answer says no more than that the OPT was not understood; the next question is without.</summary>
    private bool DislikesEdns(AskSoa request, Question question, Verdict? verdict)
    {
        if (!question.WithEdns || verdict is not { } heard)
            return false;
        _edns.Heard(request.Address.EndPoint, heard.HasOpt);
        return heard.IsBadVersion
            || (!heard.HasOpt && heard.Answer.ResponseCode is ResponseCode.FormErr or ResponseCode.NotImp);
    }

    /// <param name="RejectedKey">The key that the master did not take.</param>
    /// <param name="ExtendedError">What it added to an error code, ready to be put behind it.</param>
    private readonly record struct Verdict(
        SoaAnswer Answer,
        string? SignatureError,
        bool HasOpt = false,
        bool IsBadVersion = false,
        TimeSpan? Expire = null,
        string? RejectedKey = null,
        string ExtendedError = "");

    /// <summary>One question by UDP, and what datagrams bring for it.</summary>
    private sealed class Exchange : IDisposable
    {
        private readonly AskSoa _request;

        public Exchange(AskSoa request, QuestionSockets sockets)
        {
            _request = request;
            Datagrams = sockets.Open(request.Address.EndPoint, Take);
        }

        public DatagramQuestion Datagrams { get; }

        public Question? Question { get; set; }

        /// <summary>Null also for an answer that was cut short.</summary>
        public Verdict? Verdict { get; private set; }

        /// <summary>A late or forged datagram does not end the waiting for the real one.</summary>
        private bool Take(ReadOnlySpan<byte> datagram)
        {
            if (Question is null)
                return false;
            Verdict verdict = Question.Read(datagram, _request);
            if (verdict.Answer.Cause is SoaAnswerCause.NotOurs or SoaAnswerCause.Malformed)
                return false;
            Verdict = verdict.Answer.Cause == SoaAnswerCause.Truncated ? null : verdict;
            return true;
        }

        // What reads the answers goes last.
        public void Dispose()
        {
            Datagrams.Dispose();
            Question?.Dispose();
        }
    }

    private sealed record Question(
        ushort Id, int Length, bool WithEdns, TransferSignature? Signature, string? KeyError) : IDisposable
    {
        public void Dispose() => Signature?.Dispose();

        public Verdict Read(ReadOnlySpan<byte> message, AskSoa request)
        {
            SoaAnswer answer = SoaAnswer.Read(message, request.Zone, Id);
            string extended = PeerText.ExtendedErrorOf(message);
            bool hasOpt = EdnsView.Find(message, out EdnsView edns) == WireError.None && edns.IsPresent;
            bool isBadVersion = hasOpt && edns.ExtendResponseCode(answer.ResponseCode) == ResponseCode.BadVers;
            TimeSpan? expire = hasOpt ? edns.Expire : null;
            if (Signature is null)
                return new Verdict(answer, null, hasOpt, isBadVersion, expire, ExtendedError: extended);
            // An unsigned REFUSED or NOTAUTH may be anybody's, and must not pass for the zone's absence.
            bool isGenuine = Signature.Accept(message) && Signature.IsLastSigned;
            string? error = isGenuine ? Signature.Complaint : $"{Signature.Error} (it {answer.Text()})";
            return new Verdict(answer, error, hasOpt, isBadVersion, expire, Signature.RejectedKey, extended);
        }
    }
}
