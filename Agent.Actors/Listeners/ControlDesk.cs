using System.Globalization;
using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>
/// Takes control requests from socket threads to the zones they are about. The sender that the zone sees stands for the one request, so its
/// reply goes straight back as the answer, whatever else is open for the same zone.
/// </summary>
/// <remarks>
/// No actor in between: a NOTIFY must not wait for turns that do nothing but pass it on. Open requests are bounded by the credits of the
/// <see cref="ControlGate"/>, which also answers what nobody does.
/// </remarks>
/// <param name="region">Door to all zones.</param>
/// <param name="clock">The clock of the region's system.</param>
public sealed class ControlDesk(IActorRef region, KernelClock clock) : IControlSink
{
    /// <inheritdoc/>
    public bool TryPost(ControlRequest request)
    {
        FaultPoint.Pass("request.accepted");
        region.Tell(MessageOf(request, clock.Monotonic), new OpenRequest(request));
        return true;
    }

    private static ZoneMessage MessageOf(ControlRequest request, TimeSpan now)
    {
        var origin = new RequestOrigin(
            request.Client.ToString(), request.KeyName?.ToString(), request.TraceId.ToString("x16", CultureInfo.InvariantCulture))
        {
            MasterSet = request.MasterSet,
        };
        if (request.Operation == ControlOperation.Create) return new CreateZone(request.Zone, origin);
        if (request.Operation == ControlOperation.Delete) return new DeleteZone(request.Zone, origin);
        IPAddress address = request.Client.ToIPEndPoint().Address;
        IPAddress notifier = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return new NotifyZone(request.Zone, origin, notifier, request.SerialHint) { ReceivedAt = now };
    }

    /// <summary>The way back of one request; replies after the first are dropped by the request itself.</summary>
    private sealed class OpenRequest(ControlRequest request) : IActorRef
    {
        public string Path => "/temp/request";

        public void Tell(object message, IActorRef? sender = null)
        {
            if (message is ZoneReply reply) ZoneAnswers.Give(request, reply);
        }
    }
}

/// <summary>Puts what a zone replied into the words of the wire.</summary>
internal static class ZoneAnswers
{
    public static void Give(ControlRequest request, ZoneReply reply)
    {
        switch (reply.Outcome)
        {
            case ZoneOutcome.Done:
                request.TryAnswer(ControlAnswer.Done);
                break;
            case ZoneOutcome.Ignored:
                request.TryIgnore();
                break;
            case ZoneOutcome.Unknown:
                request.TryAnswer(ControlAnswer.Refused(ExtendedErrorCode.NotAuthoritative, "the zone is not known here"));
                break;
            case ZoneOutcome.Failed when reply.Reason?.Code == ReasonCode.OwnedElsewhere:
                request.TryAnswer(ControlAnswer.Refused(ExtendedErrorCode.Prohibited, reply.Reason.ToString()));
                break;
            default:
                request.TryAnswer(ControlAnswer.Failed(CodeOf(reply.Reason), reply.Reason?.ToString()));
                break;
        }
    }

    private static ExtendedErrorCode CodeOf(Reason? reason) => reason?.Code switch
    {
        ReasonCode.NoMaster or ReasonCode.ZoneNotAtMaster or ReasonCode.TransferRefused => ExtendedErrorCode.NoReachableAuthority,
        ReasonCode.TransferTimeout => ExtendedErrorCode.NoReachableAuthority,
        ReasonCode.TransferBroken or ReasonCode.TransferTooLarge or ReasonCode.SerialWentBack
            or ReasonCode.SerialBehind or ReasonCode.GuardApex => ExtendedErrorCode.InvalidData,
        ReasonCode.TargetRefused or ReasonCode.TargetCannotHold or ReasonCode.NameNotAcceptable => ExtendedErrorCode.Prohibited,
        ReasonCode.NoOwner or ReasonCode.Overload or ReasonCode.JournalAway or ReasonCode.JournalFenced
            => ExtendedErrorCode.NotReady,
        _ => ExtendedErrorCode.Other,
    };
}
