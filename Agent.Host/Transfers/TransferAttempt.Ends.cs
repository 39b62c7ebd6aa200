using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Transfers;

/// <content>How an attempt ends that brings nothing: what is told, and whether the whole zone may be asked for after it.</content>
internal sealed partial class TransferAttempt
{
    private TransferFailed Unfit(IxfrFault fault, string why)
    {
        Fault = fault;
        return Fail(TransferFailure.Broken, ReasonCode.TransferBroken, why);
    }

    private TransferFailed Broken(
        XfrMachine<IntakeSink> machine, TransferIntake intake, TransferSignature? signature, string extendedError)
    {
        XfrError error = machine.Error;
        if (error == XfrError.None)
        {
            return Fail(
                TransferFailure.NothingNewer,
                ReasonCode.TransferBroken,
                $"it answered with serial {machine.RemoteSerial}, which is not newer than {_from?.Serial}");
        }

        if (intake.Differences is { IsTooLarge: true })
            return Unfit(IxfrFault.Ours, "the differences are larger than the limit");
        if (_from is not null)
            Fault = FaultOf(machine);
        ZoneContentError refusal = error == XfrError.SinkRefused ? intake.Whole.Error : ZoneContentError.None;
        bool isTooLarge = error is XfrError.TooManyRecords or XfrError.TooManyBytes
            || refusal is ZoneContentError.TooManyRecords or ZoneContentError.TooManyBytes;
        if (isTooLarge)
        {
            // A zone that is too large is so in either form; differences that touch more than it may have say nothing about it.
            Fault = intake.IsDifferences ? IxfrFault.Ours : null;
            string why = refusal == ZoneContentError.None ? error.Text() : refusal.Text();
            return Fail(TransferFailure.TooLarge, ReasonCode.TransferTooLarge, why);
        }

        if (refusal != ZoneContentError.None)
            return Fail(TransferFailure.Broken, ReasonCode.TransferBroken, refusal.Text());
        RejectedKey = signature?.RejectedKey;
        if ((error == XfrError.BadSignature ? signature?.Error ?? error.Text() : signature?.Complaint) is { } complaint)
            return Fail(TransferFailure.Broken, ReasonCode.TransferBroken, complaint);
        // An error code after records is a stream that broke off (MiniDNS ends so when a record fits no message), not a refusal.
        bool isRefusal = IsRefusal(machine);
        bool isBusy = isRefusal && machine.ResponseCode == ResponseCode.ServFail;
        string said = error.Text(machine.ResponseCode) + extendedError;
        return Fail(
            isBusy ? TransferFailure.Busy : isRefusal ? TransferFailure.Refused : TransferFailure.Broken,
            isRefusal ? ReasonCode.TransferRefused : ReasonCode.TransferBroken,
            machine.BadRecord is { } record ? $"{error.Text()}: {record}" : said,
            machine.BadRecord is null ? said : error.Text());
    }

    /// <summary>
    /// What still comes on a kept connection for an earlier question says nothing about this one: a fresh connection tells. A first message
    /// that is wrong in itself costs the master one more question.
    /// </summary>
    private static bool IsLeftover(XfrMachine<IntakeSink> machine, TransferSignature? signature) =>
        machine.MessageCount <= 1 && machine.RemoteSerial is null && machine.Error switch
        {
            XfrError.BadMessage or XfrError.NotAResponse or XfrError.WrongId or XfrError.WrongQuestion => true,
            XfrError.BadSignature => signature is { RejectedKey: null },
            _ => false,
        };

    private static bool IsRefusal(XfrMachine<IntakeSink> machine) =>
        machine.Error is XfrError.Refused or XfrError.ErrorCode && machine.RemoteSerial is null;

    private static IxfrFault FaultOf(XfrMachine<IntakeSink> machine) => !IsRefusal(machine) ? IxfrFault.Broken
        : machine.ResponseCode is ResponseCode.NotImp or ResponseCode.FormErr ? IxfrFault.Unknown : IxfrFault.Refused;

    /// <summary>The stream is over, and the zone is not complete.</summary>
    private object? Ended(ReceiverEnd end, XfrMachine<IntakeSink> machine, TransferReceiver receiver)
    {
        TransferLimits limits = _request.Limits;
        if (_from is not null && end != ReceiverEnd.Cancelled && receiver.Bytes > 0)
            Fault = IxfrFault.Broken;
        switch (end)
        {
            case ReceiverEnd.Cancelled:
                return Fail(TransferFailure.GivenUp, ReasonCode.Superseded, "the transfer was cancelled");
            case ReceiverEnd.Idle:
                // Who answers IXFR with its SOA alone, or not at all, does so for every zone: only the first of them may wait for it.
                Fault = _from is null ? null : machine.IsUndetermined ? IxfrFault.Silent : IxfrFault.Broken;
                return Fail(
                    TransferFailure.Broken,
                    ReasonCode.TransferTimeout,
                    $"nothing came for {limits.IdleTimeout.TotalSeconds:0.#} s after {Progress()}");
            case ReceiverEnd.TooSlow:
                return Fail(
                    TransferFailure.Broken,
                    ReasonCode.TransferTimeout,
                    $"after {limits.TotalTimeout.TotalSeconds:0.#} s slower than {limits.MinimumBytesPerSecond} bytes/s: {Progress()}");
            default:
                if (receiver.Bytes == 0)
                    return null;
                return machine.RemoteSerial is null
                    ? Fail(TransferFailure.HungUp, ReasonCode.TransferBroken, "the connection was lost before the first record")
                    : Fail(TransferFailure.Broken, ReasonCode.TransferBroken, $"the connection ended after {Progress()}");
        }
    }

    private string Progress() => $"{_records} records in {_messages} messages";

    /// <param name="failure">The class.</param>
    /// <param name="code">The word for it.</param>
    /// <param name="why">What happened.</param>
    /// <param name="anyZone">The same where it must not name anything of the zone; null when it does not.</param>
    private TransferFailed Fail(TransferFailure failure, string code, string why, string? anyZone = null)
    {
        string kind = _from is null ? "Transfer" : "IXFR", master = _request.Address.Text;
        return new(_request.Id, _request.Address, failure, new Reason(code, $"{kind} of {_request.Zone} from master {master}: {why}."))
        {
            MasterReason = new Reason(code, $"{kind} from master {master}: {anyZone ?? why}."),
        };
    }
}
