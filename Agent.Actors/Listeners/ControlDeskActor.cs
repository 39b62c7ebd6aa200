using System.Globalization;
using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>
/// Takes control requests from the sockets to the zones they are about, and the zones' replies back as answers. One small
/// actor stands for each open request, so that replies find their request whatever else is open for the same zone.
/// </summary>
/// <remarks>The number of open requests is bounded before they come here, by the credits of the <see cref="ControlGate"/>.</remarks>
public sealed class ControlDeskActor : UntypedActor
{
    private readonly Props _requestProps;

    private ControlDeskActor(Props requestProps)
    {
        _requestProps = requestProps;
    }

    /// <summary>The recipe.</summary>
    /// <param name="region">Door to all zones.</param>
    public static Props Props(IActorRef region) =>
        Kernel.Props.Create(static p => new ControlDeskActor(p), Kernel.Props.Create(static r => new OpenRequestActor(r), region));

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        if (message is ControlRequest request) Context.ActorOf(_requestProps).Tell(request, Self);
        else Unhandled(message);
    }

    /// <summary>One open request.</summary>
    private sealed class OpenRequestActor(IActorRef region) : UntypedActor
    {
        /// <summary>Longer than any zone takes; the gate answers what is left open even then.</summary>
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(12);
        private static readonly object GiveUp = new();

        private ControlRequest? _request;

        protected internal override void OnReceive(object message)
        {
            switch (message)
            {
                case ControlRequest request:
                    _request = request;
                    Timers.StartSingleTimer(GiveUp, GiveUp, Patience);
                    region.Tell(MessageOf(request), Self);
                    break;
                case ZoneReply reply:
                    ZoneAnswers.Give(_request!, reply);
                    Context.Stop(Self);
                    break;
                case object timer when timer == GiveUp:
                    Context.Stop(Self);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        private static ZoneMessage MessageOf(ControlRequest request)
        {
            IPAddress address = request.Client.ToIPEndPoint().Address;
            var origin = new RequestOrigin(
                request.Client.ToString(), request.KeyName?.ToString(), request.TraceId.ToString("x16", CultureInfo.InvariantCulture));
            return request.Operation switch
            {
                ControlOperation.Create => new CreateZone(request.Zone, origin),
                ControlOperation.Delete => new DeleteZone(request.Zone, origin),
                _ => new NotifyZone(request.Zone, origin, address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, request.SerialHint),
            };
        }
    }
}

/// <summary>Hands control requests from socket threads to the desk.</summary>
/// <param name="desk">The <see cref="ControlDeskActor"/>.</param>
public sealed class ControlDesk(IActorRef desk) : IControlSink
{
    /// <inheritdoc/>
    public bool TryPost(ControlRequest request)
    {
        desk.Tell(request);
        return true;
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
            or ReasonCode.GuardApex => ExtendedErrorCode.InvalidData,
        ReasonCode.TargetRefused or ReasonCode.NameNotAcceptable => ExtendedErrorCode.Prohibited,
        ReasonCode.NoOwner or ReasonCode.Overload or ReasonCode.JournalAway => ExtendedErrorCode.NotReady,
        _ => ExtendedErrorCode.Other,
    };
}
