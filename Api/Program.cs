using Overnight.Api;
using Overnight.Api.Account;
using Overnight.Api.Admin;
using Overnight.Api.Audit;
using Overnight.Api.Dashboard;
using Overnight.Api.Documentation;
using Overnight.Api.Explanations;
using Overnight.Api.Flags;
using Overnight.Api.Operations;
using Overnight.Api.Pages;
using Overnight.Api.Problems;
using Overnight.Api.Protection;
using Overnight.Api.Reference;
using Overnight.Api.Sessions;

IcuFallback.Prepare();
StartupFailure.TellInOneBlock();
var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddConnections();
builder.AddRequestPipeline();

builder.AddProblems();
builder.AddSessions();
builder.AddDashboard();
builder.AddAudit();
builder.AddExplanations();
builder.AddExport();
builder.AddErasures();
builder.AddReference();
builder.AddFlags();
builder.AddAdmin();
builder.AddOperations();
builder.AddApiDocument();
builder.AddPages();

var app = builder.Build();

app.UseRequestPipeline();

app.MapDefaultEndpoints();
app.MapSessions();
app.MapOwnSessions();
app.MapPassword();
app.MapDashboard();
app.MapAudit();
app.MapExplanations();
app.MapExport();
app.MapErasures();
app.MapResultReads();
app.MapReference();
app.MapFlags();
app.MapAdmin();
app.MapOperations();
app.MapApiDocument();
app.MapPages();
app.MapHeadRoutes();

app.ValidateConfiguration();
await app.RunToEndAsync();
