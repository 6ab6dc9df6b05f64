// @ts-nocheck
// Written by tools/generate/validators.ts: do not edit.
import { formats } from "./formats.ts"
import type { Validator } from "./schema.ts"

const export0 = validate10;
const schema11 = {"type":"object","required":["apiVersion","kind","metadata","spec"],"properties":{"apiVersion":{"const":"postern/v1"},"kind":{"const":"Gateway"},"metadata":{"type":"object","required":["name"],"properties":{"name":{"type":"string","format":"name"},"labels":{"type":"object","additionalProperties":{"type":"string","format":"text"}},"annotations":{"type":"object","additionalProperties":{"type":"string","format":"text"}}},"additionalProperties":false},"spec":{"type":"object","required":["listeners"],"properties":{"listeners":{"type":"array","minItems":1,"maxItems":64,"items":{"type":"object","required":["name","port"],"properties":{"name":{"type":"string","format":"name"},"address":{"type":"string","format":"ip-address"},"port":{"type":"integer","minimum":0,"maximum":65535},"protocol":{"type":"string","enum":["http","https"]},"http2":{"type":"boolean"},"proxyProtocol":{"type":"boolean"},"tls":{"type":"object","required":["certificates"],"properties":{"certificates":{"type":"array","minItems":1,"maxItems":256,"items":{"type":"object","required":["cert","key"],"properties":{"cert":{"type":"string","format":"secret"},"key":{"type":"string","format":"secret"}},"additionalProperties":false}},"clients":{"type":"object","required":["ca"],"properties":{"ca":{"type":"string","format":"secret"},"mode":{"type":"string","enum":["required","optional"]}},"additionalProperties":false},"minVersion":{"anyOf":[{"type":"string","enum":["1.2","1.3"]},{"type":"number","enum":[1.2,1.3]}]}},"additionalProperties":false},"limits":{"type":"object","properties":{"connections":{"type":"integer","minimum":1,"maximum":2147483647},"connectionsPerAddress":{"anyOf":[{"type":"integer","minimum":1,"maximum":2147483647},{"const":"off"}]},"requestLineSize":{"type":"string","format":"byte-size"},"headSize":{"type":"string","format":"byte-size"},"headFields":{"type":"integer","minimum":1,"maximum":10000},"handshakeTimeout":{"type":"string","format":"timeout"},"headTimeout":{"type":"string","format":"timeout"},"bodyIdleTimeout":{"type":"string","format":"timeout"},"minBodyRate":{"type":"string","format":"byte-rate"},"writeTimeout":{"type":"string","format":"timeout"},"keepAliveTimeout":{"type":"string","format":"timeout"},"keepAliveRequests":{"anyOf":[{"type":"integer","minimum":1,"maximum":2147483647},{"const":"off"}]},"pipelineDepth":{"type":"integer","minimum":1,"maximum":1024},"streams":{"type":"integer","minimum":1,"maximum":10000},"tunnelIdleTimeout":{"type":"string","format":"timeout"},"maxAge":{"type":"string","format":"timeout-or-off"}},"additionalProperties":false}},"additionalProperties":false}},"trustedProxies":{"type":"array","maxItems":1024,"items":{"type":"string","format":"cidr"}},"apis":{"type":"object","properties":{"matchLabels":{"type":"object","additionalProperties":{"type":"string","format":"text"}}},"additionalProperties":false},"access":{"anyOf":[{"const":"public"},{"type":"object","minProperties":1,"maxProperties":1}]},"policies":{"type":"array","maxItems":64,"items":{"type":"object","minProperties":1,"maxProperties":1}}},"additionalProperties":false}},"additionalProperties":false};
const formats0 = formats.name;
const formats2 = formats.text;
const formats8 = formats["ip-address"];
const formats10 = formats.secret;
const formats16 = formats["byte-size"];
const formats20 = formats.timeout;
const formats26 = formats["byte-rate"];
const formats34 = formats["timeout-or-off"];
const formats36 = formats.cidr;
const func2 = Object.prototype.hasOwnProperty;
function validate10(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.apiVersion === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "apiVersion"},message:"must have required property '"+"apiVersion"+"'"};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.kind === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "kind"},message:"must have required property '"+"kind"+"'"};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.metadata === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "metadata"},message:"must have required property '"+"metadata"+"'"};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(data.spec === undefined){
const err3 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "spec"},message:"must have required property '"+"spec"+"'"};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
for(const key0 in data){
if(!((((key0 === "apiVersion") || (key0 === "kind")) || (key0 === "metadata")) || (key0 === "spec"))){
const err4 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.apiVersion !== undefined){
if("postern/v1" !== data.apiVersion){
const err5 = {instancePath:instancePath+"/apiVersion",schemaPath:"#/properties/apiVersion/const",keyword:"const",params:{allowedValue: "postern/v1"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.kind !== undefined){
if("Gateway" !== data.kind){
const err6 = {instancePath:instancePath+"/kind",schemaPath:"#/properties/kind/const",keyword:"const",params:{allowedValue: "Gateway"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.metadata !== undefined){
let data2 = data.metadata;
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
if(data2.name === undefined){
const err7 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'"};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
for(const key1 in data2){
if(!(((key1 === "name") || (key1 === "labels")) || (key1 === "annotations"))){
const err8 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data2.name !== undefined){
let data3 = data2.name;
if(typeof data3 === "string"){
if(!(formats0(data3))){
const err9 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data2.labels !== undefined){
let data4 = data2.labels;
if(data4 && typeof data4 == "object" && !Array.isArray(data4)){
for(const key2 in data4){
let data5 = data4[key2];
if(typeof data5 === "string"){
if(!(formats2(data5))){
const err11 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
else {
const err12 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
}
else {
const err13 = {instancePath:instancePath+"/metadata/labels",schemaPath:"#/properties/metadata/properties/labels/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data2.annotations !== undefined){
let data6 = data2.annotations;
if(data6 && typeof data6 == "object" && !Array.isArray(data6)){
for(const key3 in data6){
let data7 = data6[key3];
if(typeof data7 === "string"){
if(!(formats2(data7))){
const err14 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
else {
const err15 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
else {
const err16 = {instancePath:instancePath+"/metadata/annotations",schemaPath:"#/properties/metadata/properties/annotations/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
}
else {
const err17 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data.spec !== undefined){
let data8 = data.spec;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
if(data8.listeners === undefined){
const err18 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/required",keyword:"required",params:{missingProperty: "listeners"},message:"must have required property '"+"listeners"+"'"};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
for(const key4 in data8){
if(!(((((key4 === "listeners") || (key4 === "trustedProxies")) || (key4 === "apis")) || (key4 === "access")) || (key4 === "policies"))){
const err19 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key4},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
if(data8.listeners !== undefined){
let data9 = data8.listeners;
if(Array.isArray(data9)){
if(data9.length > 64){
const err20 = {instancePath:instancePath+"/spec/listeners",schemaPath:"#/properties/spec/properties/listeners/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items"};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
if(data9.length < 1){
const err21 = {instancePath:instancePath+"/spec/listeners",schemaPath:"#/properties/spec/properties/listeners/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
const len0 = data9.length;
for(let i0=0; i0<len0; i0++){
let data10 = data9[i0];
if(data10 && typeof data10 == "object" && !Array.isArray(data10)){
if(data10.name === undefined){
const err22 = {instancePath:instancePath+"/spec/listeners/" + i0,schemaPath:"#/properties/spec/properties/listeners/items/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'"};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
if(data10.port === undefined){
const err23 = {instancePath:instancePath+"/spec/listeners/" + i0,schemaPath:"#/properties/spec/properties/listeners/items/required",keyword:"required",params:{missingProperty: "port"},message:"must have required property '"+"port"+"'"};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
for(const key5 in data10){
if(!((((((((key5 === "name") || (key5 === "address")) || (key5 === "port")) || (key5 === "protocol")) || (key5 === "http2")) || (key5 === "proxyProtocol")) || (key5 === "tls")) || (key5 === "limits"))){
const err24 = {instancePath:instancePath+"/spec/listeners/" + i0,schemaPath:"#/properties/spec/properties/listeners/items/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key5},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
if(data10.name !== undefined){
let data11 = data10.name;
if(typeof data11 === "string"){
if(!(formats0(data11))){
const err25 = {instancePath:instancePath+"/spec/listeners/" + i0+"/name",schemaPath:"#/properties/spec/properties/listeners/items/properties/name/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
else {
const err26 = {instancePath:instancePath+"/spec/listeners/" + i0+"/name",schemaPath:"#/properties/spec/properties/listeners/items/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
}
if(data10.address !== undefined){
let data12 = data10.address;
if(typeof data12 === "string"){
if(!(formats8(data12))){
const err27 = {instancePath:instancePath+"/spec/listeners/" + i0+"/address",schemaPath:"#/properties/spec/properties/listeners/items/properties/address/format",keyword:"format",params:{format: "ip-address"},message:"must match format \""+"ip-address"+"\""};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
else {
const err28 = {instancePath:instancePath+"/spec/listeners/" + i0+"/address",schemaPath:"#/properties/spec/properties/listeners/items/properties/address/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
}
if(data10.port !== undefined){
let data13 = data10.port;
if(!(((typeof data13 == "number") && (!(data13 % 1) && !isNaN(data13))) && (isFinite(data13)))){
const err29 = {instancePath:instancePath+"/spec/listeners/" + i0+"/port",schemaPath:"#/properties/spec/properties/listeners/items/properties/port/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
}
if((typeof data13 == "number") && (isFinite(data13))){
if(data13 > 65535 || isNaN(data13)){
const err30 = {instancePath:instancePath+"/spec/listeners/" + i0+"/port",schemaPath:"#/properties/spec/properties/listeners/items/properties/port/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535"};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
if(data13 < 0 || isNaN(data13)){
const err31 = {instancePath:instancePath+"/spec/listeners/" + i0+"/port",schemaPath:"#/properties/spec/properties/listeners/items/properties/port/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};
if(vErrors === null){
vErrors = [err31];
}
else {
vErrors.push(err31);
}
errors++;
}
}
}
if(data10.protocol !== undefined){
let data14 = data10.protocol;
if(typeof data14 !== "string"){
const err32 = {instancePath:instancePath+"/spec/listeners/" + i0+"/protocol",schemaPath:"#/properties/spec/properties/listeners/items/properties/protocol/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err32];
}
else {
vErrors.push(err32);
}
errors++;
}
if(!((data14 === "http") || (data14 === "https"))){
const err33 = {instancePath:instancePath+"/spec/listeners/" + i0+"/protocol",schemaPath:"#/properties/spec/properties/listeners/items/properties/protocol/enum",keyword:"enum",params:{allowedValues: schema11.properties.spec.properties.listeners.items.properties.protocol.enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err33];
}
else {
vErrors.push(err33);
}
errors++;
}
}
if(data10.http2 !== undefined){
if(typeof data10.http2 !== "boolean"){
const err34 = {instancePath:instancePath+"/spec/listeners/" + i0+"/http2",schemaPath:"#/properties/spec/properties/listeners/items/properties/http2/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err34];
}
else {
vErrors.push(err34);
}
errors++;
}
}
if(data10.proxyProtocol !== undefined){
if(typeof data10.proxyProtocol !== "boolean"){
const err35 = {instancePath:instancePath+"/spec/listeners/" + i0+"/proxyProtocol",schemaPath:"#/properties/spec/properties/listeners/items/properties/proxyProtocol/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err35];
}
else {
vErrors.push(err35);
}
errors++;
}
}
if(data10.tls !== undefined){
let data17 = data10.tls;
if(data17 && typeof data17 == "object" && !Array.isArray(data17)){
if(data17.certificates === undefined){
const err36 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/required",keyword:"required",params:{missingProperty: "certificates"},message:"must have required property '"+"certificates"+"'"};
if(vErrors === null){
vErrors = [err36];
}
else {
vErrors.push(err36);
}
errors++;
}
for(const key6 in data17){
if(!(((key6 === "certificates") || (key6 === "clients")) || (key6 === "minVersion"))){
const err37 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key6},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err37];
}
else {
vErrors.push(err37);
}
errors++;
}
}
if(data17.certificates !== undefined){
let data18 = data17.certificates;
if(Array.isArray(data18)){
if(data18.length > 256){
const err38 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/maxItems",keyword:"maxItems",params:{limit: 256},message:"must NOT have more than 256 items"};
if(vErrors === null){
vErrors = [err38];
}
else {
vErrors.push(err38);
}
errors++;
}
if(data18.length < 1){
const err39 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err39];
}
else {
vErrors.push(err39);
}
errors++;
}
const len1 = data18.length;
for(let i1=0; i1<len1; i1++){
let data19 = data18[i1];
if(data19 && typeof data19 == "object" && !Array.isArray(data19)){
if(data19.cert === undefined){
const err40 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates/" + i1,schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/items/required",keyword:"required",params:{missingProperty: "cert"},message:"must have required property '"+"cert"+"'"};
if(vErrors === null){
vErrors = [err40];
}
else {
vErrors.push(err40);
}
errors++;
}
if(data19.key === undefined){
const err41 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates/" + i1,schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/items/required",keyword:"required",params:{missingProperty: "key"},message:"must have required property '"+"key"+"'"};
if(vErrors === null){
vErrors = [err41];
}
else {
vErrors.push(err41);
}
errors++;
}
for(const key7 in data19){
if(!((key7 === "cert") || (key7 === "key"))){
const err42 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates/" + i1,schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/items/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key7},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err42];
}
else {
vErrors.push(err42);
}
errors++;
}
}
if(data19.cert !== undefined){
let data20 = data19.cert;
if(typeof data20 === "string"){
if(!(formats10(data20))){
const err43 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates/" + i1+"/cert",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/items/properties/cert/format",keyword:"format",params:{format: "secret"},message:"must match format \""+"secret"+"\""};
if(vErrors === null){
vErrors = [err43];
}
else {
vErrors.push(err43);
}
errors++;
}
}
else {
const err44 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates/" + i1+"/cert",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/items/properties/cert/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err44];
}
else {
vErrors.push(err44);
}
errors++;
}
}
if(data19.key !== undefined){
let data21 = data19.key;
if(typeof data21 === "string"){
if(!(formats10(data21))){
const err45 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates/" + i1+"/key",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/items/properties/key/format",keyword:"format",params:{format: "secret"},message:"must match format \""+"secret"+"\""};
if(vErrors === null){
vErrors = [err45];
}
else {
vErrors.push(err45);
}
errors++;
}
}
else {
const err46 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates/" + i1+"/key",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/items/properties/key/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err46];
}
else {
vErrors.push(err46);
}
errors++;
}
}
}
else {
const err47 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates/" + i1,schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/items/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err47];
}
else {
vErrors.push(err47);
}
errors++;
}
}
}
else {
const err48 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/certificates",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/certificates/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err48];
}
else {
vErrors.push(err48);
}
errors++;
}
}
if(data17.clients !== undefined){
let data22 = data17.clients;
if(data22 && typeof data22 == "object" && !Array.isArray(data22)){
if(data22.ca === undefined){
const err49 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/clients",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/clients/required",keyword:"required",params:{missingProperty: "ca"},message:"must have required property '"+"ca"+"'"};
if(vErrors === null){
vErrors = [err49];
}
else {
vErrors.push(err49);
}
errors++;
}
for(const key8 in data22){
if(!((key8 === "ca") || (key8 === "mode"))){
const err50 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/clients",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/clients/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key8},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err50];
}
else {
vErrors.push(err50);
}
errors++;
}
}
if(data22.ca !== undefined){
let data23 = data22.ca;
if(typeof data23 === "string"){
if(!(formats10(data23))){
const err51 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/clients/ca",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/clients/properties/ca/format",keyword:"format",params:{format: "secret"},message:"must match format \""+"secret"+"\""};
if(vErrors === null){
vErrors = [err51];
}
else {
vErrors.push(err51);
}
errors++;
}
}
else {
const err52 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/clients/ca",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/clients/properties/ca/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err52];
}
else {
vErrors.push(err52);
}
errors++;
}
}
if(data22.mode !== undefined){
let data24 = data22.mode;
if(typeof data24 !== "string"){
const err53 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/clients/mode",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/clients/properties/mode/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err53];
}
else {
vErrors.push(err53);
}
errors++;
}
if(!((data24 === "required") || (data24 === "optional"))){
const err54 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/clients/mode",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/clients/properties/mode/enum",keyword:"enum",params:{allowedValues: schema11.properties.spec.properties.listeners.items.properties.tls.properties.clients.properties.mode.enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err54];
}
else {
vErrors.push(err54);
}
errors++;
}
}
}
else {
const err55 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/clients",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/clients/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err55];
}
else {
vErrors.push(err55);
}
errors++;
}
}
if(data17.minVersion !== undefined){
let data25 = data17.minVersion;
const _errs59 = errors;
let valid13 = false;
const _errs60 = errors;
if(typeof data25 !== "string"){
const err56 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/minVersion",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/minVersion/anyOf/0/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err56];
}
else {
vErrors.push(err56);
}
errors++;
}
if(!((data25 === "1.2") || (data25 === "1.3"))){
const err57 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/minVersion",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/minVersion/anyOf/0/enum",keyword:"enum",params:{allowedValues: schema11.properties.spec.properties.listeners.items.properties.tls.properties.minVersion.anyOf[0].enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err57];
}
else {
vErrors.push(err57);
}
errors++;
}
var _valid0 = _errs60 === errors;
valid13 = valid13 || _valid0;
if(!valid13){
const _errs62 = errors;
if(!((typeof data25 == "number") && (isFinite(data25)))){
const err58 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/minVersion",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/minVersion/anyOf/1/type",keyword:"type",params:{type: "number"},message:"must be number"};
if(vErrors === null){
vErrors = [err58];
}
else {
vErrors.push(err58);
}
errors++;
}
if(!((data25 === 1.2) || (data25 === 1.3))){
const err59 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/minVersion",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/minVersion/anyOf/1/enum",keyword:"enum",params:{allowedValues: schema11.properties.spec.properties.listeners.items.properties.tls.properties.minVersion.anyOf[1].enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err59];
}
else {
vErrors.push(err59);
}
errors++;
}
var _valid0 = _errs62 === errors;
valid13 = valid13 || _valid0;
}
if(!valid13){
const err60 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls/minVersion",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/properties/minVersion/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err60];
}
else {
vErrors.push(err60);
}
errors++;
}
else {
errors = _errs59;
if(vErrors !== null){
if(_errs59){
vErrors.length = _errs59;
}
else {
vErrors = null;
}
}
}
}
}
else {
const err61 = {instancePath:instancePath+"/spec/listeners/" + i0+"/tls",schemaPath:"#/properties/spec/properties/listeners/items/properties/tls/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err61];
}
else {
vErrors.push(err61);
}
errors++;
}
}
if(data10.limits !== undefined){
let data26 = data10.limits;
if(data26 && typeof data26 == "object" && !Array.isArray(data26)){
for(const key9 in data26){
if(!(func2.call(schema11.properties.spec.properties.listeners.items.properties.limits.properties, key9))){
const err62 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key9},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err62];
}
else {
vErrors.push(err62);
}
errors++;
}
}
if(data26.connections !== undefined){
let data27 = data26.connections;
if(!(((typeof data27 == "number") && (!(data27 % 1) && !isNaN(data27))) && (isFinite(data27)))){
const err63 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/connections",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/connections/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err63];
}
else {
vErrors.push(err63);
}
errors++;
}
if((typeof data27 == "number") && (isFinite(data27))){
if(data27 > 2147483647 || isNaN(data27)){
const err64 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/connections",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/connections/maximum",keyword:"maximum",params:{comparison: "<=", limit: 2147483647},message:"must be <= 2147483647"};
if(vErrors === null){
vErrors = [err64];
}
else {
vErrors.push(err64);
}
errors++;
}
if(data27 < 1 || isNaN(data27)){
const err65 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/connections",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/connections/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err65];
}
else {
vErrors.push(err65);
}
errors++;
}
}
}
if(data26.connectionsPerAddress !== undefined){
let data28 = data26.connectionsPerAddress;
const _errs70 = errors;
let valid15 = false;
const _errs71 = errors;
if(!(((typeof data28 == "number") && (!(data28 % 1) && !isNaN(data28))) && (isFinite(data28)))){
const err66 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/connectionsPerAddress",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/connectionsPerAddress/anyOf/0/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err66];
}
else {
vErrors.push(err66);
}
errors++;
}
if((typeof data28 == "number") && (isFinite(data28))){
if(data28 > 2147483647 || isNaN(data28)){
const err67 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/connectionsPerAddress",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/connectionsPerAddress/anyOf/0/maximum",keyword:"maximum",params:{comparison: "<=", limit: 2147483647},message:"must be <= 2147483647"};
if(vErrors === null){
vErrors = [err67];
}
else {
vErrors.push(err67);
}
errors++;
}
if(data28 < 1 || isNaN(data28)){
const err68 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/connectionsPerAddress",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/connectionsPerAddress/anyOf/0/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err68];
}
else {
vErrors.push(err68);
}
errors++;
}
}
var _valid1 = _errs71 === errors;
valid15 = valid15 || _valid1;
if(!valid15){
const _errs73 = errors;
if("off" !== data28){
const err69 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/connectionsPerAddress",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/connectionsPerAddress/anyOf/1/const",keyword:"const",params:{allowedValue: "off"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err69];
}
else {
vErrors.push(err69);
}
errors++;
}
var _valid1 = _errs73 === errors;
valid15 = valid15 || _valid1;
}
if(!valid15){
const err70 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/connectionsPerAddress",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/connectionsPerAddress/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err70];
}
else {
vErrors.push(err70);
}
errors++;
}
else {
errors = _errs70;
if(vErrors !== null){
if(_errs70){
vErrors.length = _errs70;
}
else {
vErrors = null;
}
}
}
}
if(data26.requestLineSize !== undefined){
let data29 = data26.requestLineSize;
if(typeof data29 === "string"){
if(!(formats16(data29))){
const err71 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/requestLineSize",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/requestLineSize/format",keyword:"format",params:{format: "byte-size"},message:"must match format \""+"byte-size"+"\""};
if(vErrors === null){
vErrors = [err71];
}
else {
vErrors.push(err71);
}
errors++;
}
}
else {
const err72 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/requestLineSize",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/requestLineSize/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err72];
}
else {
vErrors.push(err72);
}
errors++;
}
}
if(data26.headSize !== undefined){
let data30 = data26.headSize;
if(typeof data30 === "string"){
if(!(formats16(data30))){
const err73 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/headSize",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/headSize/format",keyword:"format",params:{format: "byte-size"},message:"must match format \""+"byte-size"+"\""};
if(vErrors === null){
vErrors = [err73];
}
else {
vErrors.push(err73);
}
errors++;
}
}
else {
const err74 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/headSize",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/headSize/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err74];
}
else {
vErrors.push(err74);
}
errors++;
}
}
if(data26.headFields !== undefined){
let data31 = data26.headFields;
if(!(((typeof data31 == "number") && (!(data31 % 1) && !isNaN(data31))) && (isFinite(data31)))){
const err75 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/headFields",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/headFields/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err75];
}
else {
vErrors.push(err75);
}
errors++;
}
if((typeof data31 == "number") && (isFinite(data31))){
if(data31 > 10000 || isNaN(data31)){
const err76 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/headFields",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/headFields/maximum",keyword:"maximum",params:{comparison: "<=", limit: 10000},message:"must be <= 10000"};
if(vErrors === null){
vErrors = [err76];
}
else {
vErrors.push(err76);
}
errors++;
}
if(data31 < 1 || isNaN(data31)){
const err77 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/headFields",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/headFields/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err77];
}
else {
vErrors.push(err77);
}
errors++;
}
}
}
if(data26.handshakeTimeout !== undefined){
let data32 = data26.handshakeTimeout;
if(typeof data32 === "string"){
if(!(formats20(data32))){
const err78 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/handshakeTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/handshakeTimeout/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err78];
}
else {
vErrors.push(err78);
}
errors++;
}
}
else {
const err79 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/handshakeTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/handshakeTimeout/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err79];
}
else {
vErrors.push(err79);
}
errors++;
}
}
if(data26.headTimeout !== undefined){
let data33 = data26.headTimeout;
if(typeof data33 === "string"){
if(!(formats20(data33))){
const err80 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/headTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/headTimeout/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err80];
}
else {
vErrors.push(err80);
}
errors++;
}
}
else {
const err81 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/headTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/headTimeout/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err81];
}
else {
vErrors.push(err81);
}
errors++;
}
}
if(data26.bodyIdleTimeout !== undefined){
let data34 = data26.bodyIdleTimeout;
if(typeof data34 === "string"){
if(!(formats20(data34))){
const err82 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/bodyIdleTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/bodyIdleTimeout/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err82];
}
else {
vErrors.push(err82);
}
errors++;
}
}
else {
const err83 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/bodyIdleTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/bodyIdleTimeout/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err83];
}
else {
vErrors.push(err83);
}
errors++;
}
}
if(data26.minBodyRate !== undefined){
let data35 = data26.minBodyRate;
if(typeof data35 === "string"){
if(!(formats26(data35))){
const err84 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/minBodyRate",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/minBodyRate/format",keyword:"format",params:{format: "byte-rate"},message:"must match format \""+"byte-rate"+"\""};
if(vErrors === null){
vErrors = [err84];
}
else {
vErrors.push(err84);
}
errors++;
}
}
else {
const err85 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/minBodyRate",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/minBodyRate/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err85];
}
else {
vErrors.push(err85);
}
errors++;
}
}
if(data26.writeTimeout !== undefined){
let data36 = data26.writeTimeout;
if(typeof data36 === "string"){
if(!(formats20(data36))){
const err86 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/writeTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/writeTimeout/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err86];
}
else {
vErrors.push(err86);
}
errors++;
}
}
else {
const err87 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/writeTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/writeTimeout/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err87];
}
else {
vErrors.push(err87);
}
errors++;
}
}
if(data26.keepAliveTimeout !== undefined){
let data37 = data26.keepAliveTimeout;
if(typeof data37 === "string"){
if(!(formats20(data37))){
const err88 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/keepAliveTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/keepAliveTimeout/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err88];
}
else {
vErrors.push(err88);
}
errors++;
}
}
else {
const err89 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/keepAliveTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/keepAliveTimeout/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err89];
}
else {
vErrors.push(err89);
}
errors++;
}
}
if(data26.keepAliveRequests !== undefined){
let data38 = data26.keepAliveRequests;
const _errs93 = errors;
let valid16 = false;
const _errs94 = errors;
if(!(((typeof data38 == "number") && (!(data38 % 1) && !isNaN(data38))) && (isFinite(data38)))){
const err90 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/keepAliveRequests",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/keepAliveRequests/anyOf/0/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err90];
}
else {
vErrors.push(err90);
}
errors++;
}
if((typeof data38 == "number") && (isFinite(data38))){
if(data38 > 2147483647 || isNaN(data38)){
const err91 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/keepAliveRequests",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/keepAliveRequests/anyOf/0/maximum",keyword:"maximum",params:{comparison: "<=", limit: 2147483647},message:"must be <= 2147483647"};
if(vErrors === null){
vErrors = [err91];
}
else {
vErrors.push(err91);
}
errors++;
}
if(data38 < 1 || isNaN(data38)){
const err92 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/keepAliveRequests",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/keepAliveRequests/anyOf/0/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err92];
}
else {
vErrors.push(err92);
}
errors++;
}
}
var _valid2 = _errs94 === errors;
valid16 = valid16 || _valid2;
if(!valid16){
const _errs96 = errors;
if("off" !== data38){
const err93 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/keepAliveRequests",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/keepAliveRequests/anyOf/1/const",keyword:"const",params:{allowedValue: "off"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err93];
}
else {
vErrors.push(err93);
}
errors++;
}
var _valid2 = _errs96 === errors;
valid16 = valid16 || _valid2;
}
if(!valid16){
const err94 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/keepAliveRequests",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/keepAliveRequests/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err94];
}
else {
vErrors.push(err94);
}
errors++;
}
else {
errors = _errs93;
if(vErrors !== null){
if(_errs93){
vErrors.length = _errs93;
}
else {
vErrors = null;
}
}
}
}
if(data26.pipelineDepth !== undefined){
let data39 = data26.pipelineDepth;
if(!(((typeof data39 == "number") && (!(data39 % 1) && !isNaN(data39))) && (isFinite(data39)))){
const err95 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/pipelineDepth",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/pipelineDepth/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err95];
}
else {
vErrors.push(err95);
}
errors++;
}
if((typeof data39 == "number") && (isFinite(data39))){
if(data39 > 1024 || isNaN(data39)){
const err96 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/pipelineDepth",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/pipelineDepth/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1024},message:"must be <= 1024"};
if(vErrors === null){
vErrors = [err96];
}
else {
vErrors.push(err96);
}
errors++;
}
if(data39 < 1 || isNaN(data39)){
const err97 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/pipelineDepth",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/pipelineDepth/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err97];
}
else {
vErrors.push(err97);
}
errors++;
}
}
}
if(data26.streams !== undefined){
let data40 = data26.streams;
if(!(((typeof data40 == "number") && (!(data40 % 1) && !isNaN(data40))) && (isFinite(data40)))){
const err98 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/streams",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/streams/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err98];
}
else {
vErrors.push(err98);
}
errors++;
}
if((typeof data40 == "number") && (isFinite(data40))){
if(data40 > 10000 || isNaN(data40)){
const err99 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/streams",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/streams/maximum",keyword:"maximum",params:{comparison: "<=", limit: 10000},message:"must be <= 10000"};
if(vErrors === null){
vErrors = [err99];
}
else {
vErrors.push(err99);
}
errors++;
}
if(data40 < 1 || isNaN(data40)){
const err100 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/streams",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/streams/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err100];
}
else {
vErrors.push(err100);
}
errors++;
}
}
}
if(data26.tunnelIdleTimeout !== undefined){
let data41 = data26.tunnelIdleTimeout;
if(typeof data41 === "string"){
if(!(formats20(data41))){
const err101 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/tunnelIdleTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/tunnelIdleTimeout/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err101];
}
else {
vErrors.push(err101);
}
errors++;
}
}
else {
const err102 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/tunnelIdleTimeout",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/tunnelIdleTimeout/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err102];
}
else {
vErrors.push(err102);
}
errors++;
}
}
if(data26.maxAge !== undefined){
let data42 = data26.maxAge;
if(typeof data42 === "string"){
if(!(formats34(data42))){
const err103 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/maxAge",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/maxAge/format",keyword:"format",params:{format: "timeout-or-off"},message:"must match format \""+"timeout-or-off"+"\""};
if(vErrors === null){
vErrors = [err103];
}
else {
vErrors.push(err103);
}
errors++;
}
}
else {
const err104 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits/maxAge",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/properties/maxAge/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err104];
}
else {
vErrors.push(err104);
}
errors++;
}
}
}
else {
const err105 = {instancePath:instancePath+"/spec/listeners/" + i0+"/limits",schemaPath:"#/properties/spec/properties/listeners/items/properties/limits/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err105];
}
else {
vErrors.push(err105);
}
errors++;
}
}
}
else {
const err106 = {instancePath:instancePath+"/spec/listeners/" + i0,schemaPath:"#/properties/spec/properties/listeners/items/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err106];
}
else {
vErrors.push(err106);
}
errors++;
}
}
}
else {
const err107 = {instancePath:instancePath+"/spec/listeners",schemaPath:"#/properties/spec/properties/listeners/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err107];
}
else {
vErrors.push(err107);
}
errors++;
}
}
if(data8.trustedProxies !== undefined){
let data43 = data8.trustedProxies;
if(Array.isArray(data43)){
if(data43.length > 1024){
const err108 = {instancePath:instancePath+"/spec/trustedProxies",schemaPath:"#/properties/spec/properties/trustedProxies/maxItems",keyword:"maxItems",params:{limit: 1024},message:"must NOT have more than 1024 items"};
if(vErrors === null){
vErrors = [err108];
}
else {
vErrors.push(err108);
}
errors++;
}
const len2 = data43.length;
for(let i2=0; i2<len2; i2++){
let data44 = data43[i2];
if(typeof data44 === "string"){
if(!(formats36(data44))){
const err109 = {instancePath:instancePath+"/spec/trustedProxies/" + i2,schemaPath:"#/properties/spec/properties/trustedProxies/items/format",keyword:"format",params:{format: "cidr"},message:"must match format \""+"cidr"+"\""};
if(vErrors === null){
vErrors = [err109];
}
else {
vErrors.push(err109);
}
errors++;
}
}
else {
const err110 = {instancePath:instancePath+"/spec/trustedProxies/" + i2,schemaPath:"#/properties/spec/properties/trustedProxies/items/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err110];
}
else {
vErrors.push(err110);
}
errors++;
}
}
}
else {
const err111 = {instancePath:instancePath+"/spec/trustedProxies",schemaPath:"#/properties/spec/properties/trustedProxies/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err111];
}
else {
vErrors.push(err111);
}
errors++;
}
}
if(data8.apis !== undefined){
let data45 = data8.apis;
if(data45 && typeof data45 == "object" && !Array.isArray(data45)){
for(const key10 in data45){
if(!(key10 === "matchLabels")){
const err112 = {instancePath:instancePath+"/spec/apis",schemaPath:"#/properties/spec/properties/apis/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key10},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err112];
}
else {
vErrors.push(err112);
}
errors++;
}
}
if(data45.matchLabels !== undefined){
let data46 = data45.matchLabels;
if(data46 && typeof data46 == "object" && !Array.isArray(data46)){
for(const key11 in data46){
let data47 = data46[key11];
if(typeof data47 === "string"){
if(!(formats2(data47))){
const err113 = {instancePath:instancePath+"/spec/apis/matchLabels/" + key11.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/spec/properties/apis/properties/matchLabels/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err113];
}
else {
vErrors.push(err113);
}
errors++;
}
}
else {
const err114 = {instancePath:instancePath+"/spec/apis/matchLabels/" + key11.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/spec/properties/apis/properties/matchLabels/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err114];
}
else {
vErrors.push(err114);
}
errors++;
}
}
}
else {
const err115 = {instancePath:instancePath+"/spec/apis/matchLabels",schemaPath:"#/properties/spec/properties/apis/properties/matchLabels/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err115];
}
else {
vErrors.push(err115);
}
errors++;
}
}
}
else {
const err116 = {instancePath:instancePath+"/spec/apis",schemaPath:"#/properties/spec/properties/apis/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err116];
}
else {
vErrors.push(err116);
}
errors++;
}
}
if(data8.access !== undefined){
let data48 = data8.access;
const _errs118 = errors;
let valid21 = false;
const _errs119 = errors;
if("public" !== data48){
const err117 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf/0/const",keyword:"const",params:{allowedValue: "public"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err117];
}
else {
vErrors.push(err117);
}
errors++;
}
var _valid3 = _errs119 === errors;
valid21 = valid21 || _valid3;
if(!valid21){
const _errs120 = errors;
if(data48 && typeof data48 == "object" && !Array.isArray(data48)){
if(Object.keys(data48).length > 1){
const err118 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf/1/maxProperties",keyword:"maxProperties",params:{limit: 1},message:"must NOT have more than 1 properties"};
if(vErrors === null){
vErrors = [err118];
}
else {
vErrors.push(err118);
}
errors++;
}
if(Object.keys(data48).length < 1){
const err119 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf/1/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties"};
if(vErrors === null){
vErrors = [err119];
}
else {
vErrors.push(err119);
}
errors++;
}
}
else {
const err120 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf/1/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err120];
}
else {
vErrors.push(err120);
}
errors++;
}
var _valid3 = _errs120 === errors;
valid21 = valid21 || _valid3;
}
if(!valid21){
const err121 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err121];
}
else {
vErrors.push(err121);
}
errors++;
}
else {
errors = _errs118;
if(vErrors !== null){
if(_errs118){
vErrors.length = _errs118;
}
else {
vErrors = null;
}
}
}
}
if(data8.policies !== undefined){
let data49 = data8.policies;
if(Array.isArray(data49)){
if(data49.length > 64){
const err122 = {instancePath:instancePath+"/spec/policies",schemaPath:"#/properties/spec/properties/policies/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items"};
if(vErrors === null){
vErrors = [err122];
}
else {
vErrors.push(err122);
}
errors++;
}
const len3 = data49.length;
for(let i3=0; i3<len3; i3++){
let data50 = data49[i3];
if(data50 && typeof data50 == "object" && !Array.isArray(data50)){
if(Object.keys(data50).length > 1){
const err123 = {instancePath:instancePath+"/spec/policies/" + i3,schemaPath:"#/properties/spec/properties/policies/items/maxProperties",keyword:"maxProperties",params:{limit: 1},message:"must NOT have more than 1 properties"};
if(vErrors === null){
vErrors = [err123];
}
else {
vErrors.push(err123);
}
errors++;
}
if(Object.keys(data50).length < 1){
const err124 = {instancePath:instancePath+"/spec/policies/" + i3,schemaPath:"#/properties/spec/properties/policies/items/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties"};
if(vErrors === null){
vErrors = [err124];
}
else {
vErrors.push(err124);
}
errors++;
}
}
else {
const err125 = {instancePath:instancePath+"/spec/policies/" + i3,schemaPath:"#/properties/spec/properties/policies/items/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err125];
}
else {
vErrors.push(err125);
}
errors++;
}
}
}
else {
const err126 = {instancePath:instancePath+"/spec/policies",schemaPath:"#/properties/spec/properties/policies/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err126];
}
else {
vErrors.push(err126);
}
errors++;
}
}
}
else {
const err127 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err127];
}
else {
vErrors.push(err127);
}
errors++;
}
}
}
else {
const err128 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err128];
}
else {
vErrors.push(err128);
}
errors++;
}
validate10.errors = vErrors;
return errors === 0;
}
const export1 = validate11;
const schema12 = {"type":"object","required":["apiVersion","kind","metadata","spec"],"properties":{"apiVersion":{"const":"postern/v1"},"kind":{"const":"Api"},"metadata":{"type":"object","required":["name"],"properties":{"name":{"type":"string","format":"name"},"labels":{"type":"object","additionalProperties":{"type":"string","format":"text"}},"annotations":{"type":"object","additionalProperties":{"type":"string","format":"text"}}},"additionalProperties":false},"spec":{"type":"object","properties":{"hosts":{"type":"array","minItems":1,"maxItems":1024,"items":{"type":"string","format":"host"}},"basePath":{"type":"string","format":"base-path"},"access":{"anyOf":[{"const":"public"},{"type":"object","minProperties":1,"maxProperties":1}]},"backend":{"type":"string","format":"name"},"policies":{"type":"array","maxItems":64,"items":{"type":"object","minProperties":1,"maxProperties":1}},"openapi":{"type":"string","format":"text"},"routes":{"type":"object","additionalProperties":{"type":"object","properties":{"name":{"type":"string","format":"text"},"access":{"anyOf":[{"const":"public"},{"type":"object","minProperties":1,"maxProperties":1}]},"backend":{"type":"string","format":"name"},"policies":{"type":"array","maxItems":64,"items":{"type":"object","minProperties":1,"maxProperties":1}},"stripBasePath":{"type":"boolean"},"preserveHost":{"type":"boolean"},"split":{"type":"array","minItems":1,"maxItems":64,"items":{"type":"object","required":["backend"],"properties":{"backend":{"type":"string","format":"name"},"weight":{"type":"integer","minimum":0,"maximum":65535}},"additionalProperties":false}},"sticky":{"type":"string","format":"sticky"},"mirror":{"anyOf":[{"type":"object","required":["backend"],"properties":{"backend":{"type":"string","format":"name"},"share":{"type":"string","format":"share"}},"additionalProperties":false},{"const":"off"}]},"timeouts":{"type":"object","properties":{"total":{"type":"string","format":"timeout-or-off"}},"additionalProperties":false},"retry":{"type":"object","properties":{"on":{"type":"array","maxItems":32,"items":{"anyOf":[{"type":"string","enum":["connect","reset","timeout","refused-stream"]},{"type":"integer","minimum":400,"maximum":599}]}},"attempts":{"type":"integer","minimum":0,"maximum":10},"perTry":{"type":"string","format":"timeout-or-off"},"budget":{"type":"string","format":"percent"},"backoff":{"type":"object","properties":{"base":{"type":"string","format":"timeout"},"max":{"type":"string","format":"timeout"}},"additionalProperties":false}},"additionalProperties":false},"cache":{"anyOf":[{"type":"object","properties":{"ttl":{"type":"string","format":"timeout"},"staleIfError":{"type":"string","format":"timeout"},"vary":{"type":"array","maxItems":32,"items":{"type":"string","format":"field-name"}},"maxObject":{"type":"string","format":"byte-size"}},"additionalProperties":false},{"const":"off"}]},"compress":{"anyOf":[{"type":"boolean"},{"type":"object","properties":{"encodings":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","enum":["br","zstd","gzip"]}},"minSize":{"type":"string","format":"byte-size"},"types":{"type":"array","minItems":1,"maxItems":256,"items":{"type":"string","format":"media-range"}}},"additionalProperties":false}]}},"additionalProperties":false},"propertyNames":{"type":"string","format":"route-key"}},"stripBasePath":{"type":"boolean"},"preserveHost":{"type":"boolean"},"split":{"type":"array","minItems":1,"maxItems":64,"items":{"type":"object","required":["backend"],"properties":{"backend":{"type":"string","format":"name"},"weight":{"type":"integer","minimum":0,"maximum":65535}},"additionalProperties":false}},"sticky":{"type":"string","format":"sticky"},"mirror":{"anyOf":[{"type":"object","required":["backend"],"properties":{"backend":{"type":"string","format":"name"},"share":{"type":"string","format":"share"}},"additionalProperties":false},{"const":"off"}]},"timeouts":{"type":"object","properties":{"total":{"type":"string","format":"timeout-or-off"}},"additionalProperties":false},"retry":{"type":"object","properties":{"on":{"type":"array","maxItems":32,"items":{"anyOf":[{"type":"string","enum":["connect","reset","timeout","refused-stream"]},{"type":"integer","minimum":400,"maximum":599}]}},"attempts":{"type":"integer","minimum":0,"maximum":10},"perTry":{"type":"string","format":"timeout-or-off"},"budget":{"type":"string","format":"percent"},"backoff":{"type":"object","properties":{"base":{"type":"string","format":"timeout"},"max":{"type":"string","format":"timeout"}},"additionalProperties":false}},"additionalProperties":false},"cache":{"anyOf":[{"type":"object","properties":{"ttl":{"type":"string","format":"timeout"},"staleIfError":{"type":"string","format":"timeout"},"vary":{"type":"array","maxItems":32,"items":{"type":"string","format":"field-name"}},"maxObject":{"type":"string","format":"byte-size"}},"additionalProperties":false},{"const":"off"}]},"compress":{"anyOf":[{"type":"boolean"},{"type":"object","properties":{"encodings":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","enum":["br","zstd","gzip"]}},"minSize":{"type":"string","format":"byte-size"},"types":{"type":"array","minItems":1,"maxItems":256,"items":{"type":"string","format":"media-range"}}},"additionalProperties":false}]}},"additionalProperties":false}},"additionalProperties":false};
const formats46 = formats.host;
const formats48 = formats["base-path"];
const formats54 = formats["route-key"];
const formats62 = formats.sticky;
const formats66 = formats.share;
const formats72 = formats.percent;
const formats82 = formats["field-name"];
const formats88 = formats["media-range"];
function validate11(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.apiVersion === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "apiVersion"},message:"must have required property '"+"apiVersion"+"'"};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.kind === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "kind"},message:"must have required property '"+"kind"+"'"};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.metadata === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "metadata"},message:"must have required property '"+"metadata"+"'"};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(data.spec === undefined){
const err3 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "spec"},message:"must have required property '"+"spec"+"'"};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
for(const key0 in data){
if(!((((key0 === "apiVersion") || (key0 === "kind")) || (key0 === "metadata")) || (key0 === "spec"))){
const err4 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.apiVersion !== undefined){
if("postern/v1" !== data.apiVersion){
const err5 = {instancePath:instancePath+"/apiVersion",schemaPath:"#/properties/apiVersion/const",keyword:"const",params:{allowedValue: "postern/v1"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.kind !== undefined){
if("Api" !== data.kind){
const err6 = {instancePath:instancePath+"/kind",schemaPath:"#/properties/kind/const",keyword:"const",params:{allowedValue: "Api"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.metadata !== undefined){
let data2 = data.metadata;
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
if(data2.name === undefined){
const err7 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'"};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
for(const key1 in data2){
if(!(((key1 === "name") || (key1 === "labels")) || (key1 === "annotations"))){
const err8 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data2.name !== undefined){
let data3 = data2.name;
if(typeof data3 === "string"){
if(!(formats0(data3))){
const err9 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data2.labels !== undefined){
let data4 = data2.labels;
if(data4 && typeof data4 == "object" && !Array.isArray(data4)){
for(const key2 in data4){
let data5 = data4[key2];
if(typeof data5 === "string"){
if(!(formats2(data5))){
const err11 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
else {
const err12 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
}
else {
const err13 = {instancePath:instancePath+"/metadata/labels",schemaPath:"#/properties/metadata/properties/labels/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data2.annotations !== undefined){
let data6 = data2.annotations;
if(data6 && typeof data6 == "object" && !Array.isArray(data6)){
for(const key3 in data6){
let data7 = data6[key3];
if(typeof data7 === "string"){
if(!(formats2(data7))){
const err14 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
else {
const err15 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
else {
const err16 = {instancePath:instancePath+"/metadata/annotations",schemaPath:"#/properties/metadata/properties/annotations/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
}
else {
const err17 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data.spec !== undefined){
let data8 = data.spec;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
for(const key4 in data8){
if(!(func2.call(schema12.properties.spec.properties, key4))){
const err18 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key4},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
}
if(data8.hosts !== undefined){
let data9 = data8.hosts;
if(Array.isArray(data9)){
if(data9.length > 1024){
const err19 = {instancePath:instancePath+"/spec/hosts",schemaPath:"#/properties/spec/properties/hosts/maxItems",keyword:"maxItems",params:{limit: 1024},message:"must NOT have more than 1024 items"};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
if(data9.length < 1){
const err20 = {instancePath:instancePath+"/spec/hosts",schemaPath:"#/properties/spec/properties/hosts/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
const len0 = data9.length;
for(let i0=0; i0<len0; i0++){
let data10 = data9[i0];
if(typeof data10 === "string"){
if(!(formats46(data10))){
const err21 = {instancePath:instancePath+"/spec/hosts/" + i0,schemaPath:"#/properties/spec/properties/hosts/items/format",keyword:"format",params:{format: "host"},message:"must match format \""+"host"+"\""};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
else {
const err22 = {instancePath:instancePath+"/spec/hosts/" + i0,schemaPath:"#/properties/spec/properties/hosts/items/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
}
else {
const err23 = {instancePath:instancePath+"/spec/hosts",schemaPath:"#/properties/spec/properties/hosts/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
if(data8.basePath !== undefined){
let data11 = data8.basePath;
if(typeof data11 === "string"){
if(!(formats48(data11))){
const err24 = {instancePath:instancePath+"/spec/basePath",schemaPath:"#/properties/spec/properties/basePath/format",keyword:"format",params:{format: "base-path"},message:"must match format \""+"base-path"+"\""};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
else {
const err25 = {instancePath:instancePath+"/spec/basePath",schemaPath:"#/properties/spec/properties/basePath/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
if(data8.access !== undefined){
let data12 = data8.access;
const _errs29 = errors;
let valid7 = false;
const _errs30 = errors;
if("public" !== data12){
const err26 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf/0/const",keyword:"const",params:{allowedValue: "public"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
var _valid0 = _errs30 === errors;
valid7 = valid7 || _valid0;
if(!valid7){
const _errs31 = errors;
if(data12 && typeof data12 == "object" && !Array.isArray(data12)){
if(Object.keys(data12).length > 1){
const err27 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf/1/maxProperties",keyword:"maxProperties",params:{limit: 1},message:"must NOT have more than 1 properties"};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
if(Object.keys(data12).length < 1){
const err28 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf/1/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties"};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
}
else {
const err29 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf/1/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
}
var _valid0 = _errs31 === errors;
valid7 = valid7 || _valid0;
}
if(!valid7){
const err30 = {instancePath:instancePath+"/spec/access",schemaPath:"#/properties/spec/properties/access/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
else {
errors = _errs29;
if(vErrors !== null){
if(_errs29){
vErrors.length = _errs29;
}
else {
vErrors = null;
}
}
}
}
if(data8.backend !== undefined){
let data13 = data8.backend;
if(typeof data13 === "string"){
if(!(formats0(data13))){
const err31 = {instancePath:instancePath+"/spec/backend",schemaPath:"#/properties/spec/properties/backend/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err31];
}
else {
vErrors.push(err31);
}
errors++;
}
}
else {
const err32 = {instancePath:instancePath+"/spec/backend",schemaPath:"#/properties/spec/properties/backend/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err32];
}
else {
vErrors.push(err32);
}
errors++;
}
}
if(data8.policies !== undefined){
let data14 = data8.policies;
if(Array.isArray(data14)){
if(data14.length > 64){
const err33 = {instancePath:instancePath+"/spec/policies",schemaPath:"#/properties/spec/properties/policies/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items"};
if(vErrors === null){
vErrors = [err33];
}
else {
vErrors.push(err33);
}
errors++;
}
const len1 = data14.length;
for(let i1=0; i1<len1; i1++){
let data15 = data14[i1];
if(data15 && typeof data15 == "object" && !Array.isArray(data15)){
if(Object.keys(data15).length > 1){
const err34 = {instancePath:instancePath+"/spec/policies/" + i1,schemaPath:"#/properties/spec/properties/policies/items/maxProperties",keyword:"maxProperties",params:{limit: 1},message:"must NOT have more than 1 properties"};
if(vErrors === null){
vErrors = [err34];
}
else {
vErrors.push(err34);
}
errors++;
}
if(Object.keys(data15).length < 1){
const err35 = {instancePath:instancePath+"/spec/policies/" + i1,schemaPath:"#/properties/spec/properties/policies/items/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties"};
if(vErrors === null){
vErrors = [err35];
}
else {
vErrors.push(err35);
}
errors++;
}
}
else {
const err36 = {instancePath:instancePath+"/spec/policies/" + i1,schemaPath:"#/properties/spec/properties/policies/items/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err36];
}
else {
vErrors.push(err36);
}
errors++;
}
}
}
else {
const err37 = {instancePath:instancePath+"/spec/policies",schemaPath:"#/properties/spec/properties/policies/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err37];
}
else {
vErrors.push(err37);
}
errors++;
}
}
if(data8.openapi !== undefined){
let data16 = data8.openapi;
if(typeof data16 === "string"){
if(!(formats2(data16))){
const err38 = {instancePath:instancePath+"/spec/openapi",schemaPath:"#/properties/spec/properties/openapi/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err38];
}
else {
vErrors.push(err38);
}
errors++;
}
}
else {
const err39 = {instancePath:instancePath+"/spec/openapi",schemaPath:"#/properties/spec/properties/openapi/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err39];
}
else {
vErrors.push(err39);
}
errors++;
}
}
if(data8.routes !== undefined){
let data17 = data8.routes;
if(data17 && typeof data17 == "object" && !Array.isArray(data17)){
for(const key5 in data17){
const _errs43 = errors;
if(typeof key5 === "string"){
if(!(formats54(key5))){
const err40 = {instancePath:instancePath+"/spec/routes",schemaPath:"#/properties/spec/properties/routes/propertyNames/format",keyword:"format",params:{format: "route-key"},message:"must match format \""+"route-key"+"\"",propertyName:key5};
if(vErrors === null){
vErrors = [err40];
}
else {
vErrors.push(err40);
}
errors++;
}
}
else {
const err41 = {instancePath:instancePath+"/spec/routes",schemaPath:"#/properties/spec/properties/routes/propertyNames/type",keyword:"type",params:{type: "string"},message:"must be string",propertyName:key5};
if(vErrors === null){
vErrors = [err41];
}
else {
vErrors.push(err41);
}
errors++;
}
var valid10 = _errs43 === errors;
if(!valid10){
const err42 = {instancePath:instancePath+"/spec/routes",schemaPath:"#/properties/spec/properties/routes/propertyNames",keyword:"propertyNames",params:{propertyName: key5},message:"property name must be valid"};
if(vErrors === null){
vErrors = [err42];
}
else {
vErrors.push(err42);
}
errors++;
}
}
for(const key6 in data17){
let data18 = data17[key6];
if(data18 && typeof data18 == "object" && !Array.isArray(data18)){
for(const key7 in data18){
if(!(func2.call(schema12.properties.spec.properties.routes.additionalProperties.properties, key7))){
const err43 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/spec/properties/routes/additionalProperties/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key7},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err43];
}
else {
vErrors.push(err43);
}
errors++;
}
}
if(data18.name !== undefined){
let data19 = data18.name;
if(typeof data19 === "string"){
if(!(formats2(data19))){
const err44 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/name",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/name/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err44];
}
else {
vErrors.push(err44);
}
errors++;
}
}
else {
const err45 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/name",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err45];
}
else {
vErrors.push(err45);
}
errors++;
}
}
if(data18.access !== undefined){
let data20 = data18.access;
const _errs52 = errors;
let valid13 = false;
const _errs53 = errors;
if("public" !== data20){
const err46 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/access",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/access/anyOf/0/const",keyword:"const",params:{allowedValue: "public"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err46];
}
else {
vErrors.push(err46);
}
errors++;
}
var _valid1 = _errs53 === errors;
valid13 = valid13 || _valid1;
if(!valid13){
const _errs54 = errors;
if(data20 && typeof data20 == "object" && !Array.isArray(data20)){
if(Object.keys(data20).length > 1){
const err47 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/access",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/access/anyOf/1/maxProperties",keyword:"maxProperties",params:{limit: 1},message:"must NOT have more than 1 properties"};
if(vErrors === null){
vErrors = [err47];
}
else {
vErrors.push(err47);
}
errors++;
}
if(Object.keys(data20).length < 1){
const err48 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/access",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/access/anyOf/1/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties"};
if(vErrors === null){
vErrors = [err48];
}
else {
vErrors.push(err48);
}
errors++;
}
}
else {
const err49 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/access",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/access/anyOf/1/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err49];
}
else {
vErrors.push(err49);
}
errors++;
}
var _valid1 = _errs54 === errors;
valid13 = valid13 || _valid1;
}
if(!valid13){
const err50 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/access",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/access/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err50];
}
else {
vErrors.push(err50);
}
errors++;
}
else {
errors = _errs52;
if(vErrors !== null){
if(_errs52){
vErrors.length = _errs52;
}
else {
vErrors = null;
}
}
}
}
if(data18.backend !== undefined){
let data21 = data18.backend;
if(typeof data21 === "string"){
if(!(formats0(data21))){
const err51 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/backend",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/backend/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err51];
}
else {
vErrors.push(err51);
}
errors++;
}
}
else {
const err52 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/backend",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/backend/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err52];
}
else {
vErrors.push(err52);
}
errors++;
}
}
if(data18.policies !== undefined){
let data22 = data18.policies;
if(Array.isArray(data22)){
if(data22.length > 64){
const err53 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/policies",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/policies/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items"};
if(vErrors === null){
vErrors = [err53];
}
else {
vErrors.push(err53);
}
errors++;
}
const len2 = data22.length;
for(let i2=0; i2<len2; i2++){
let data23 = data22[i2];
if(data23 && typeof data23 == "object" && !Array.isArray(data23)){
if(Object.keys(data23).length > 1){
const err54 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/policies/" + i2,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/policies/items/maxProperties",keyword:"maxProperties",params:{limit: 1},message:"must NOT have more than 1 properties"};
if(vErrors === null){
vErrors = [err54];
}
else {
vErrors.push(err54);
}
errors++;
}
if(Object.keys(data23).length < 1){
const err55 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/policies/" + i2,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/policies/items/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties"};
if(vErrors === null){
vErrors = [err55];
}
else {
vErrors.push(err55);
}
errors++;
}
}
else {
const err56 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/policies/" + i2,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/policies/items/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err56];
}
else {
vErrors.push(err56);
}
errors++;
}
}
}
else {
const err57 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/policies",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/policies/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err57];
}
else {
vErrors.push(err57);
}
errors++;
}
}
if(data18.stripBasePath !== undefined){
if(typeof data18.stripBasePath !== "boolean"){
const err58 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/stripBasePath",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/stripBasePath/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err58];
}
else {
vErrors.push(err58);
}
errors++;
}
}
if(data18.preserveHost !== undefined){
if(typeof data18.preserveHost !== "boolean"){
const err59 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/preserveHost",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/preserveHost/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err59];
}
else {
vErrors.push(err59);
}
errors++;
}
}
if(data18.split !== undefined){
let data26 = data18.split;
if(Array.isArray(data26)){
if(data26.length > 64){
const err60 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items"};
if(vErrors === null){
vErrors = [err60];
}
else {
vErrors.push(err60);
}
errors++;
}
if(data26.length < 1){
const err61 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err61];
}
else {
vErrors.push(err61);
}
errors++;
}
const len3 = data26.length;
for(let i3=0; i3<len3; i3++){
let data27 = data26[i3];
if(data27 && typeof data27 == "object" && !Array.isArray(data27)){
if(data27.backend === undefined){
const err62 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split/" + i3,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/items/required",keyword:"required",params:{missingProperty: "backend"},message:"must have required property '"+"backend"+"'"};
if(vErrors === null){
vErrors = [err62];
}
else {
vErrors.push(err62);
}
errors++;
}
for(const key8 in data27){
if(!((key8 === "backend") || (key8 === "weight"))){
const err63 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split/" + i3,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/items/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key8},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err63];
}
else {
vErrors.push(err63);
}
errors++;
}
}
if(data27.backend !== undefined){
let data28 = data27.backend;
if(typeof data28 === "string"){
if(!(formats0(data28))){
const err64 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split/" + i3+"/backend",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/items/properties/backend/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err64];
}
else {
vErrors.push(err64);
}
errors++;
}
}
else {
const err65 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split/" + i3+"/backend",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/items/properties/backend/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err65];
}
else {
vErrors.push(err65);
}
errors++;
}
}
if(data27.weight !== undefined){
let data29 = data27.weight;
if(!(((typeof data29 == "number") && (!(data29 % 1) && !isNaN(data29))) && (isFinite(data29)))){
const err66 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split/" + i3+"/weight",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/items/properties/weight/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err66];
}
else {
vErrors.push(err66);
}
errors++;
}
if((typeof data29 == "number") && (isFinite(data29))){
if(data29 > 65535 || isNaN(data29)){
const err67 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split/" + i3+"/weight",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/items/properties/weight/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535"};
if(vErrors === null){
vErrors = [err67];
}
else {
vErrors.push(err67);
}
errors++;
}
if(data29 < 0 || isNaN(data29)){
const err68 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split/" + i3+"/weight",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/items/properties/weight/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};
if(vErrors === null){
vErrors = [err68];
}
else {
vErrors.push(err68);
}
errors++;
}
}
}
}
else {
const err69 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split/" + i3,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/items/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err69];
}
else {
vErrors.push(err69);
}
errors++;
}
}
}
else {
const err70 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/split",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/split/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err70];
}
else {
vErrors.push(err70);
}
errors++;
}
}
if(data18.sticky !== undefined){
let data30 = data18.sticky;
if(typeof data30 === "string"){
if(!(formats62(data30))){
const err71 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/sticky",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/sticky/format",keyword:"format",params:{format: "sticky"},message:"must match format \""+"sticky"+"\""};
if(vErrors === null){
vErrors = [err71];
}
else {
vErrors.push(err71);
}
errors++;
}
}
else {
const err72 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/sticky",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/sticky/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err72];
}
else {
vErrors.push(err72);
}
errors++;
}
}
if(data18.mirror !== undefined){
let data31 = data18.mirror;
const _errs78 = errors;
let valid19 = false;
const _errs79 = errors;
if(data31 && typeof data31 == "object" && !Array.isArray(data31)){
if(data31.backend === undefined){
const err73 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/mirror",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/mirror/anyOf/0/required",keyword:"required",params:{missingProperty: "backend"},message:"must have required property '"+"backend"+"'"};
if(vErrors === null){
vErrors = [err73];
}
else {
vErrors.push(err73);
}
errors++;
}
for(const key9 in data31){
if(!((key9 === "backend") || (key9 === "share"))){
const err74 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/mirror",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/mirror/anyOf/0/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key9},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err74];
}
else {
vErrors.push(err74);
}
errors++;
}
}
if(data31.backend !== undefined){
let data32 = data31.backend;
if(typeof data32 === "string"){
if(!(formats0(data32))){
const err75 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/mirror/backend",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/mirror/anyOf/0/properties/backend/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err75];
}
else {
vErrors.push(err75);
}
errors++;
}
}
else {
const err76 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/mirror/backend",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/mirror/anyOf/0/properties/backend/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err76];
}
else {
vErrors.push(err76);
}
errors++;
}
}
if(data31.share !== undefined){
let data33 = data31.share;
if(typeof data33 === "string"){
if(!(formats66(data33))){
const err77 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/mirror/share",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/mirror/anyOf/0/properties/share/format",keyword:"format",params:{format: "share"},message:"must match format \""+"share"+"\""};
if(vErrors === null){
vErrors = [err77];
}
else {
vErrors.push(err77);
}
errors++;
}
}
else {
const err78 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/mirror/share",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/mirror/anyOf/0/properties/share/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err78];
}
else {
vErrors.push(err78);
}
errors++;
}
}
}
else {
const err79 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/mirror",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/mirror/anyOf/0/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err79];
}
else {
vErrors.push(err79);
}
errors++;
}
var _valid2 = _errs79 === errors;
valid19 = valid19 || _valid2;
if(!valid19){
const _errs86 = errors;
if("off" !== data31){
const err80 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/mirror",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/mirror/anyOf/1/const",keyword:"const",params:{allowedValue: "off"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err80];
}
else {
vErrors.push(err80);
}
errors++;
}
var _valid2 = _errs86 === errors;
valid19 = valid19 || _valid2;
}
if(!valid19){
const err81 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/mirror",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/mirror/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err81];
}
else {
vErrors.push(err81);
}
errors++;
}
else {
errors = _errs78;
if(vErrors !== null){
if(_errs78){
vErrors.length = _errs78;
}
else {
vErrors = null;
}
}
}
}
if(data18.timeouts !== undefined){
let data34 = data18.timeouts;
if(data34 && typeof data34 == "object" && !Array.isArray(data34)){
for(const key10 in data34){
if(!(key10 === "total")){
const err82 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/timeouts",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/timeouts/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key10},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err82];
}
else {
vErrors.push(err82);
}
errors++;
}
}
if(data34.total !== undefined){
let data35 = data34.total;
if(typeof data35 === "string"){
if(!(formats34(data35))){
const err83 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/timeouts/total",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/timeouts/properties/total/format",keyword:"format",params:{format: "timeout-or-off"},message:"must match format \""+"timeout-or-off"+"\""};
if(vErrors === null){
vErrors = [err83];
}
else {
vErrors.push(err83);
}
errors++;
}
}
else {
const err84 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/timeouts/total",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/timeouts/properties/total/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err84];
}
else {
vErrors.push(err84);
}
errors++;
}
}
}
else {
const err85 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/timeouts",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/timeouts/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err85];
}
else {
vErrors.push(err85);
}
errors++;
}
}
if(data18.retry !== undefined){
let data36 = data18.retry;
if(data36 && typeof data36 == "object" && !Array.isArray(data36)){
for(const key11 in data36){
if(!(((((key11 === "on") || (key11 === "attempts")) || (key11 === "perTry")) || (key11 === "budget")) || (key11 === "backoff"))){
const err86 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key11},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err86];
}
else {
vErrors.push(err86);
}
errors++;
}
}
if(data36.on !== undefined){
let data37 = data36.on;
if(Array.isArray(data37)){
if(data37.length > 32){
const err87 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/on",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/on/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items"};
if(vErrors === null){
vErrors = [err87];
}
else {
vErrors.push(err87);
}
errors++;
}
const len4 = data37.length;
for(let i4=0; i4<len4; i4++){
let data38 = data37[i4];
const _errs98 = errors;
let valid25 = false;
const _errs99 = errors;
if(typeof data38 !== "string"){
const err88 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/on/" + i4,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/on/items/anyOf/0/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err88];
}
else {
vErrors.push(err88);
}
errors++;
}
if(!((((data38 === "connect") || (data38 === "reset")) || (data38 === "timeout")) || (data38 === "refused-stream"))){
const err89 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/on/" + i4,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/on/items/anyOf/0/enum",keyword:"enum",params:{allowedValues: schema12.properties.spec.properties.routes.additionalProperties.properties.retry.properties.on.items.anyOf[0].enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err89];
}
else {
vErrors.push(err89);
}
errors++;
}
var _valid3 = _errs99 === errors;
valid25 = valid25 || _valid3;
if(!valid25){
const _errs101 = errors;
if(!(((typeof data38 == "number") && (!(data38 % 1) && !isNaN(data38))) && (isFinite(data38)))){
const err90 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/on/" + i4,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/on/items/anyOf/1/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err90];
}
else {
vErrors.push(err90);
}
errors++;
}
if((typeof data38 == "number") && (isFinite(data38))){
if(data38 > 599 || isNaN(data38)){
const err91 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/on/" + i4,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/on/items/anyOf/1/maximum",keyword:"maximum",params:{comparison: "<=", limit: 599},message:"must be <= 599"};
if(vErrors === null){
vErrors = [err91];
}
else {
vErrors.push(err91);
}
errors++;
}
if(data38 < 400 || isNaN(data38)){
const err92 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/on/" + i4,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/on/items/anyOf/1/minimum",keyword:"minimum",params:{comparison: ">=", limit: 400},message:"must be >= 400"};
if(vErrors === null){
vErrors = [err92];
}
else {
vErrors.push(err92);
}
errors++;
}
}
var _valid3 = _errs101 === errors;
valid25 = valid25 || _valid3;
}
if(!valid25){
const err93 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/on/" + i4,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/on/items/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err93];
}
else {
vErrors.push(err93);
}
errors++;
}
else {
errors = _errs98;
if(vErrors !== null){
if(_errs98){
vErrors.length = _errs98;
}
else {
vErrors = null;
}
}
}
}
}
else {
const err94 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/on",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/on/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err94];
}
else {
vErrors.push(err94);
}
errors++;
}
}
if(data36.attempts !== undefined){
let data39 = data36.attempts;
if(!(((typeof data39 == "number") && (!(data39 % 1) && !isNaN(data39))) && (isFinite(data39)))){
const err95 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/attempts",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/attempts/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err95];
}
else {
vErrors.push(err95);
}
errors++;
}
if((typeof data39 == "number") && (isFinite(data39))){
if(data39 > 10 || isNaN(data39)){
const err96 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/attempts",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/attempts/maximum",keyword:"maximum",params:{comparison: "<=", limit: 10},message:"must be <= 10"};
if(vErrors === null){
vErrors = [err96];
}
else {
vErrors.push(err96);
}
errors++;
}
if(data39 < 0 || isNaN(data39)){
const err97 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/attempts",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/attempts/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};
if(vErrors === null){
vErrors = [err97];
}
else {
vErrors.push(err97);
}
errors++;
}
}
}
if(data36.perTry !== undefined){
let data40 = data36.perTry;
if(typeof data40 === "string"){
if(!(formats34(data40))){
const err98 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/perTry",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/perTry/format",keyword:"format",params:{format: "timeout-or-off"},message:"must match format \""+"timeout-or-off"+"\""};
if(vErrors === null){
vErrors = [err98];
}
else {
vErrors.push(err98);
}
errors++;
}
}
else {
const err99 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/perTry",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/perTry/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err99];
}
else {
vErrors.push(err99);
}
errors++;
}
}
if(data36.budget !== undefined){
let data41 = data36.budget;
if(typeof data41 === "string"){
if(!(formats72(data41))){
const err100 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/budget",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/budget/format",keyword:"format",params:{format: "percent"},message:"must match format \""+"percent"+"\""};
if(vErrors === null){
vErrors = [err100];
}
else {
vErrors.push(err100);
}
errors++;
}
}
else {
const err101 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/budget",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/budget/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err101];
}
else {
vErrors.push(err101);
}
errors++;
}
}
if(data36.backoff !== undefined){
let data42 = data36.backoff;
if(data42 && typeof data42 == "object" && !Array.isArray(data42)){
for(const key12 in data42){
if(!((key12 === "base") || (key12 === "max"))){
const err102 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/backoff",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/backoff/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key12},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err102];
}
else {
vErrors.push(err102);
}
errors++;
}
}
if(data42.base !== undefined){
let data43 = data42.base;
if(typeof data43 === "string"){
if(!(formats20(data43))){
const err103 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/backoff/base",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/backoff/properties/base/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err103];
}
else {
vErrors.push(err103);
}
errors++;
}
}
else {
const err104 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/backoff/base",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/backoff/properties/base/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err104];
}
else {
vErrors.push(err104);
}
errors++;
}
}
if(data42.max !== undefined){
let data44 = data42.max;
if(typeof data44 === "string"){
if(!(formats20(data44))){
const err105 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/backoff/max",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/backoff/properties/max/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err105];
}
else {
vErrors.push(err105);
}
errors++;
}
}
else {
const err106 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/backoff/max",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/backoff/properties/max/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err106];
}
else {
vErrors.push(err106);
}
errors++;
}
}
}
else {
const err107 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry/backoff",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/properties/backoff/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err107];
}
else {
vErrors.push(err107);
}
errors++;
}
}
}
else {
const err108 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/retry",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/retry/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err108];
}
else {
vErrors.push(err108);
}
errors++;
}
}
if(data18.cache !== undefined){
let data45 = data18.cache;
const _errs117 = errors;
let valid27 = false;
const _errs118 = errors;
if(data45 && typeof data45 == "object" && !Array.isArray(data45)){
for(const key13 in data45){
if(!((((key13 === "ttl") || (key13 === "staleIfError")) || (key13 === "vary")) || (key13 === "maxObject"))){
const err109 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key13},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err109];
}
else {
vErrors.push(err109);
}
errors++;
}
}
if(data45.ttl !== undefined){
let data46 = data45.ttl;
if(typeof data46 === "string"){
if(!(formats20(data46))){
const err110 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/ttl",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/ttl/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err110];
}
else {
vErrors.push(err110);
}
errors++;
}
}
else {
const err111 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/ttl",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/ttl/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err111];
}
else {
vErrors.push(err111);
}
errors++;
}
}
if(data45.staleIfError !== undefined){
let data47 = data45.staleIfError;
if(typeof data47 === "string"){
if(!(formats20(data47))){
const err112 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/staleIfError",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/staleIfError/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err112];
}
else {
vErrors.push(err112);
}
errors++;
}
}
else {
const err113 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/staleIfError",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/staleIfError/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err113];
}
else {
vErrors.push(err113);
}
errors++;
}
}
if(data45.vary !== undefined){
let data48 = data45.vary;
if(Array.isArray(data48)){
if(data48.length > 32){
const err114 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/vary",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/vary/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items"};
if(vErrors === null){
vErrors = [err114];
}
else {
vErrors.push(err114);
}
errors++;
}
const len5 = data48.length;
for(let i5=0; i5<len5; i5++){
let data49 = data48[i5];
if(typeof data49 === "string"){
if(!(formats82(data49))){
const err115 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/vary/" + i5,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/vary/items/format",keyword:"format",params:{format: "field-name"},message:"must match format \""+"field-name"+"\""};
if(vErrors === null){
vErrors = [err115];
}
else {
vErrors.push(err115);
}
errors++;
}
}
else {
const err116 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/vary/" + i5,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/vary/items/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err116];
}
else {
vErrors.push(err116);
}
errors++;
}
}
}
else {
const err117 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/vary",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/vary/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err117];
}
else {
vErrors.push(err117);
}
errors++;
}
}
if(data45.maxObject !== undefined){
let data50 = data45.maxObject;
if(typeof data50 === "string"){
if(!(formats16(data50))){
const err118 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/maxObject",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/maxObject/format",keyword:"format",params:{format: "byte-size"},message:"must match format \""+"byte-size"+"\""};
if(vErrors === null){
vErrors = [err118];
}
else {
vErrors.push(err118);
}
errors++;
}
}
else {
const err119 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache/maxObject",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/properties/maxObject/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err119];
}
else {
vErrors.push(err119);
}
errors++;
}
}
}
else {
const err120 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/0/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err120];
}
else {
vErrors.push(err120);
}
errors++;
}
var _valid4 = _errs118 === errors;
valid27 = valid27 || _valid4;
if(!valid27){
const _errs131 = errors;
if("off" !== data45){
const err121 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf/1/const",keyword:"const",params:{allowedValue: "off"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err121];
}
else {
vErrors.push(err121);
}
errors++;
}
var _valid4 = _errs131 === errors;
valid27 = valid27 || _valid4;
}
if(!valid27){
const err122 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/cache",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/cache/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err122];
}
else {
vErrors.push(err122);
}
errors++;
}
else {
errors = _errs117;
if(vErrors !== null){
if(_errs117){
vErrors.length = _errs117;
}
else {
vErrors = null;
}
}
}
}
if(data18.compress !== undefined){
let data51 = data18.compress;
const _errs133 = errors;
let valid31 = false;
const _errs134 = errors;
if(typeof data51 !== "boolean"){
const err123 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/0/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err123];
}
else {
vErrors.push(err123);
}
errors++;
}
var _valid5 = _errs134 === errors;
valid31 = valid31 || _valid5;
if(!valid31){
const _errs136 = errors;
if(data51 && typeof data51 == "object" && !Array.isArray(data51)){
for(const key14 in data51){
if(!(((key14 === "encodings") || (key14 === "minSize")) || (key14 === "types"))){
const err124 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key14},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err124];
}
else {
vErrors.push(err124);
}
errors++;
}
}
if(data51.encodings !== undefined){
let data52 = data51.encodings;
if(Array.isArray(data52)){
if(data52.length > 3){
const err125 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/encodings",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/encodings/maxItems",keyword:"maxItems",params:{limit: 3},message:"must NOT have more than 3 items"};
if(vErrors === null){
vErrors = [err125];
}
else {
vErrors.push(err125);
}
errors++;
}
if(data52.length < 1){
const err126 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/encodings",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/encodings/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err126];
}
else {
vErrors.push(err126);
}
errors++;
}
const len6 = data52.length;
for(let i6=0; i6<len6; i6++){
let data53 = data52[i6];
if(typeof data53 !== "string"){
const err127 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/encodings/" + i6,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/encodings/items/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err127];
}
else {
vErrors.push(err127);
}
errors++;
}
if(!(((data53 === "br") || (data53 === "zstd")) || (data53 === "gzip"))){
const err128 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/encodings/" + i6,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/encodings/items/enum",keyword:"enum",params:{allowedValues: schema12.properties.spec.properties.routes.additionalProperties.properties.compress.anyOf[1].properties.encodings.items.enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err128];
}
else {
vErrors.push(err128);
}
errors++;
}
}
}
else {
const err129 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/encodings",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/encodings/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err129];
}
else {
vErrors.push(err129);
}
errors++;
}
}
if(data51.minSize !== undefined){
let data54 = data51.minSize;
if(typeof data54 === "string"){
if(!(formats16(data54))){
const err130 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/minSize",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/minSize/format",keyword:"format",params:{format: "byte-size"},message:"must match format \""+"byte-size"+"\""};
if(vErrors === null){
vErrors = [err130];
}
else {
vErrors.push(err130);
}
errors++;
}
}
else {
const err131 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/minSize",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/minSize/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err131];
}
else {
vErrors.push(err131);
}
errors++;
}
}
if(data51.types !== undefined){
let data55 = data51.types;
if(Array.isArray(data55)){
if(data55.length > 256){
const err132 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/types",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/types/maxItems",keyword:"maxItems",params:{limit: 256},message:"must NOT have more than 256 items"};
if(vErrors === null){
vErrors = [err132];
}
else {
vErrors.push(err132);
}
errors++;
}
if(data55.length < 1){
const err133 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/types",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/types/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err133];
}
else {
vErrors.push(err133);
}
errors++;
}
const len7 = data55.length;
for(let i7=0; i7<len7; i7++){
let data56 = data55[i7];
if(typeof data56 === "string"){
if(!(formats88(data56))){
const err134 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/types/" + i7,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/types/items/format",keyword:"format",params:{format: "media-range"},message:"must match format \""+"media-range"+"\""};
if(vErrors === null){
vErrors = [err134];
}
else {
vErrors.push(err134);
}
errors++;
}
}
else {
const err135 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/types/" + i7,schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/types/items/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err135];
}
else {
vErrors.push(err135);
}
errors++;
}
}
}
else {
const err136 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress/types",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/properties/types/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err136];
}
else {
vErrors.push(err136);
}
errors++;
}
}
}
else {
const err137 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf/1/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err137];
}
else {
vErrors.push(err137);
}
errors++;
}
var _valid5 = _errs136 === errors;
valid31 = valid31 || _valid5;
}
if(!valid31){
const err138 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/compress",schemaPath:"#/properties/spec/properties/routes/additionalProperties/properties/compress/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err138];
}
else {
vErrors.push(err138);
}
errors++;
}
else {
errors = _errs133;
if(vErrors !== null){
if(_errs133){
vErrors.length = _errs133;
}
else {
vErrors = null;
}
}
}
}
}
else {
const err139 = {instancePath:instancePath+"/spec/routes/" + key6.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/spec/properties/routes/additionalProperties/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err139];
}
else {
vErrors.push(err139);
}
errors++;
}
}
}
else {
const err140 = {instancePath:instancePath+"/spec/routes",schemaPath:"#/properties/spec/properties/routes/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err140];
}
else {
vErrors.push(err140);
}
errors++;
}
}
if(data8.stripBasePath !== undefined){
if(typeof data8.stripBasePath !== "boolean"){
const err141 = {instancePath:instancePath+"/spec/stripBasePath",schemaPath:"#/properties/spec/properties/stripBasePath/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err141];
}
else {
vErrors.push(err141);
}
errors++;
}
}
if(data8.preserveHost !== undefined){
if(typeof data8.preserveHost !== "boolean"){
const err142 = {instancePath:instancePath+"/spec/preserveHost",schemaPath:"#/properties/spec/properties/preserveHost/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err142];
}
else {
vErrors.push(err142);
}
errors++;
}
}
if(data8.split !== undefined){
let data59 = data8.split;
if(Array.isArray(data59)){
if(data59.length > 64){
const err143 = {instancePath:instancePath+"/spec/split",schemaPath:"#/properties/spec/properties/split/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items"};
if(vErrors === null){
vErrors = [err143];
}
else {
vErrors.push(err143);
}
errors++;
}
if(data59.length < 1){
const err144 = {instancePath:instancePath+"/spec/split",schemaPath:"#/properties/spec/properties/split/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err144];
}
else {
vErrors.push(err144);
}
errors++;
}
const len8 = data59.length;
for(let i8=0; i8<len8; i8++){
let data60 = data59[i8];
if(data60 && typeof data60 == "object" && !Array.isArray(data60)){
if(data60.backend === undefined){
const err145 = {instancePath:instancePath+"/spec/split/" + i8,schemaPath:"#/properties/spec/properties/split/items/required",keyword:"required",params:{missingProperty: "backend"},message:"must have required property '"+"backend"+"'"};
if(vErrors === null){
vErrors = [err145];
}
else {
vErrors.push(err145);
}
errors++;
}
for(const key15 in data60){
if(!((key15 === "backend") || (key15 === "weight"))){
const err146 = {instancePath:instancePath+"/spec/split/" + i8,schemaPath:"#/properties/spec/properties/split/items/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key15},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err146];
}
else {
vErrors.push(err146);
}
errors++;
}
}
if(data60.backend !== undefined){
let data61 = data60.backend;
if(typeof data61 === "string"){
if(!(formats0(data61))){
const err147 = {instancePath:instancePath+"/spec/split/" + i8+"/backend",schemaPath:"#/properties/spec/properties/split/items/properties/backend/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err147];
}
else {
vErrors.push(err147);
}
errors++;
}
}
else {
const err148 = {instancePath:instancePath+"/spec/split/" + i8+"/backend",schemaPath:"#/properties/spec/properties/split/items/properties/backend/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err148];
}
else {
vErrors.push(err148);
}
errors++;
}
}
if(data60.weight !== undefined){
let data62 = data60.weight;
if(!(((typeof data62 == "number") && (!(data62 % 1) && !isNaN(data62))) && (isFinite(data62)))){
const err149 = {instancePath:instancePath+"/spec/split/" + i8+"/weight",schemaPath:"#/properties/spec/properties/split/items/properties/weight/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err149];
}
else {
vErrors.push(err149);
}
errors++;
}
if((typeof data62 == "number") && (isFinite(data62))){
if(data62 > 65535 || isNaN(data62)){
const err150 = {instancePath:instancePath+"/spec/split/" + i8+"/weight",schemaPath:"#/properties/spec/properties/split/items/properties/weight/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535"};
if(vErrors === null){
vErrors = [err150];
}
else {
vErrors.push(err150);
}
errors++;
}
if(data62 < 0 || isNaN(data62)){
const err151 = {instancePath:instancePath+"/spec/split/" + i8+"/weight",schemaPath:"#/properties/spec/properties/split/items/properties/weight/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};
if(vErrors === null){
vErrors = [err151];
}
else {
vErrors.push(err151);
}
errors++;
}
}
}
}
else {
const err152 = {instancePath:instancePath+"/spec/split/" + i8,schemaPath:"#/properties/spec/properties/split/items/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err152];
}
else {
vErrors.push(err152);
}
errors++;
}
}
}
else {
const err153 = {instancePath:instancePath+"/spec/split",schemaPath:"#/properties/spec/properties/split/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err153];
}
else {
vErrors.push(err153);
}
errors++;
}
}
if(data8.sticky !== undefined){
let data63 = data8.sticky;
if(typeof data63 === "string"){
if(!(formats62(data63))){
const err154 = {instancePath:instancePath+"/spec/sticky",schemaPath:"#/properties/spec/properties/sticky/format",keyword:"format",params:{format: "sticky"},message:"must match format \""+"sticky"+"\""};
if(vErrors === null){
vErrors = [err154];
}
else {
vErrors.push(err154);
}
errors++;
}
}
else {
const err155 = {instancePath:instancePath+"/spec/sticky",schemaPath:"#/properties/spec/properties/sticky/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err155];
}
else {
vErrors.push(err155);
}
errors++;
}
}
if(data8.mirror !== undefined){
let data64 = data8.mirror;
const _errs165 = errors;
let valid40 = false;
const _errs166 = errors;
if(data64 && typeof data64 == "object" && !Array.isArray(data64)){
if(data64.backend === undefined){
const err156 = {instancePath:instancePath+"/spec/mirror",schemaPath:"#/properties/spec/properties/mirror/anyOf/0/required",keyword:"required",params:{missingProperty: "backend"},message:"must have required property '"+"backend"+"'"};
if(vErrors === null){
vErrors = [err156];
}
else {
vErrors.push(err156);
}
errors++;
}
for(const key16 in data64){
if(!((key16 === "backend") || (key16 === "share"))){
const err157 = {instancePath:instancePath+"/spec/mirror",schemaPath:"#/properties/spec/properties/mirror/anyOf/0/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key16},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err157];
}
else {
vErrors.push(err157);
}
errors++;
}
}
if(data64.backend !== undefined){
let data65 = data64.backend;
if(typeof data65 === "string"){
if(!(formats0(data65))){
const err158 = {instancePath:instancePath+"/spec/mirror/backend",schemaPath:"#/properties/spec/properties/mirror/anyOf/0/properties/backend/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err158];
}
else {
vErrors.push(err158);
}
errors++;
}
}
else {
const err159 = {instancePath:instancePath+"/spec/mirror/backend",schemaPath:"#/properties/spec/properties/mirror/anyOf/0/properties/backend/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err159];
}
else {
vErrors.push(err159);
}
errors++;
}
}
if(data64.share !== undefined){
let data66 = data64.share;
if(typeof data66 === "string"){
if(!(formats66(data66))){
const err160 = {instancePath:instancePath+"/spec/mirror/share",schemaPath:"#/properties/spec/properties/mirror/anyOf/0/properties/share/format",keyword:"format",params:{format: "share"},message:"must match format \""+"share"+"\""};
if(vErrors === null){
vErrors = [err160];
}
else {
vErrors.push(err160);
}
errors++;
}
}
else {
const err161 = {instancePath:instancePath+"/spec/mirror/share",schemaPath:"#/properties/spec/properties/mirror/anyOf/0/properties/share/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err161];
}
else {
vErrors.push(err161);
}
errors++;
}
}
}
else {
const err162 = {instancePath:instancePath+"/spec/mirror",schemaPath:"#/properties/spec/properties/mirror/anyOf/0/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err162];
}
else {
vErrors.push(err162);
}
errors++;
}
var _valid6 = _errs166 === errors;
valid40 = valid40 || _valid6;
if(!valid40){
const _errs173 = errors;
if("off" !== data64){
const err163 = {instancePath:instancePath+"/spec/mirror",schemaPath:"#/properties/spec/properties/mirror/anyOf/1/const",keyword:"const",params:{allowedValue: "off"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err163];
}
else {
vErrors.push(err163);
}
errors++;
}
var _valid6 = _errs173 === errors;
valid40 = valid40 || _valid6;
}
if(!valid40){
const err164 = {instancePath:instancePath+"/spec/mirror",schemaPath:"#/properties/spec/properties/mirror/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err164];
}
else {
vErrors.push(err164);
}
errors++;
}
else {
errors = _errs165;
if(vErrors !== null){
if(_errs165){
vErrors.length = _errs165;
}
else {
vErrors = null;
}
}
}
}
if(data8.timeouts !== undefined){
let data67 = data8.timeouts;
if(data67 && typeof data67 == "object" && !Array.isArray(data67)){
for(const key17 in data67){
if(!(key17 === "total")){
const err165 = {instancePath:instancePath+"/spec/timeouts",schemaPath:"#/properties/spec/properties/timeouts/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key17},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err165];
}
else {
vErrors.push(err165);
}
errors++;
}
}
if(data67.total !== undefined){
let data68 = data67.total;
if(typeof data68 === "string"){
if(!(formats34(data68))){
const err166 = {instancePath:instancePath+"/spec/timeouts/total",schemaPath:"#/properties/spec/properties/timeouts/properties/total/format",keyword:"format",params:{format: "timeout-or-off"},message:"must match format \""+"timeout-or-off"+"\""};
if(vErrors === null){
vErrors = [err166];
}
else {
vErrors.push(err166);
}
errors++;
}
}
else {
const err167 = {instancePath:instancePath+"/spec/timeouts/total",schemaPath:"#/properties/spec/properties/timeouts/properties/total/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err167];
}
else {
vErrors.push(err167);
}
errors++;
}
}
}
else {
const err168 = {instancePath:instancePath+"/spec/timeouts",schemaPath:"#/properties/spec/properties/timeouts/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err168];
}
else {
vErrors.push(err168);
}
errors++;
}
}
if(data8.retry !== undefined){
let data69 = data8.retry;
if(data69 && typeof data69 == "object" && !Array.isArray(data69)){
for(const key18 in data69){
if(!(((((key18 === "on") || (key18 === "attempts")) || (key18 === "perTry")) || (key18 === "budget")) || (key18 === "backoff"))){
const err169 = {instancePath:instancePath+"/spec/retry",schemaPath:"#/properties/spec/properties/retry/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key18},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err169];
}
else {
vErrors.push(err169);
}
errors++;
}
}
if(data69.on !== undefined){
let data70 = data69.on;
if(Array.isArray(data70)){
if(data70.length > 32){
const err170 = {instancePath:instancePath+"/spec/retry/on",schemaPath:"#/properties/spec/properties/retry/properties/on/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items"};
if(vErrors === null){
vErrors = [err170];
}
else {
vErrors.push(err170);
}
errors++;
}
const len9 = data70.length;
for(let i9=0; i9<len9; i9++){
let data71 = data70[i9];
const _errs185 = errors;
let valid46 = false;
const _errs186 = errors;
if(typeof data71 !== "string"){
const err171 = {instancePath:instancePath+"/spec/retry/on/" + i9,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/0/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err171];
}
else {
vErrors.push(err171);
}
errors++;
}
if(!((((data71 === "connect") || (data71 === "reset")) || (data71 === "timeout")) || (data71 === "refused-stream"))){
const err172 = {instancePath:instancePath+"/spec/retry/on/" + i9,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/0/enum",keyword:"enum",params:{allowedValues: schema12.properties.spec.properties.retry.properties.on.items.anyOf[0].enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err172];
}
else {
vErrors.push(err172);
}
errors++;
}
var _valid7 = _errs186 === errors;
valid46 = valid46 || _valid7;
if(!valid46){
const _errs188 = errors;
if(!(((typeof data71 == "number") && (!(data71 % 1) && !isNaN(data71))) && (isFinite(data71)))){
const err173 = {instancePath:instancePath+"/spec/retry/on/" + i9,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/1/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err173];
}
else {
vErrors.push(err173);
}
errors++;
}
if((typeof data71 == "number") && (isFinite(data71))){
if(data71 > 599 || isNaN(data71)){
const err174 = {instancePath:instancePath+"/spec/retry/on/" + i9,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/1/maximum",keyword:"maximum",params:{comparison: "<=", limit: 599},message:"must be <= 599"};
if(vErrors === null){
vErrors = [err174];
}
else {
vErrors.push(err174);
}
errors++;
}
if(data71 < 400 || isNaN(data71)){
const err175 = {instancePath:instancePath+"/spec/retry/on/" + i9,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/1/minimum",keyword:"minimum",params:{comparison: ">=", limit: 400},message:"must be >= 400"};
if(vErrors === null){
vErrors = [err175];
}
else {
vErrors.push(err175);
}
errors++;
}
}
var _valid7 = _errs188 === errors;
valid46 = valid46 || _valid7;
}
if(!valid46){
const err176 = {instancePath:instancePath+"/spec/retry/on/" + i9,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err176];
}
else {
vErrors.push(err176);
}
errors++;
}
else {
errors = _errs185;
if(vErrors !== null){
if(_errs185){
vErrors.length = _errs185;
}
else {
vErrors = null;
}
}
}
}
}
else {
const err177 = {instancePath:instancePath+"/spec/retry/on",schemaPath:"#/properties/spec/properties/retry/properties/on/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err177];
}
else {
vErrors.push(err177);
}
errors++;
}
}
if(data69.attempts !== undefined){
let data72 = data69.attempts;
if(!(((typeof data72 == "number") && (!(data72 % 1) && !isNaN(data72))) && (isFinite(data72)))){
const err178 = {instancePath:instancePath+"/spec/retry/attempts",schemaPath:"#/properties/spec/properties/retry/properties/attempts/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err178];
}
else {
vErrors.push(err178);
}
errors++;
}
if((typeof data72 == "number") && (isFinite(data72))){
if(data72 > 10 || isNaN(data72)){
const err179 = {instancePath:instancePath+"/spec/retry/attempts",schemaPath:"#/properties/spec/properties/retry/properties/attempts/maximum",keyword:"maximum",params:{comparison: "<=", limit: 10},message:"must be <= 10"};
if(vErrors === null){
vErrors = [err179];
}
else {
vErrors.push(err179);
}
errors++;
}
if(data72 < 0 || isNaN(data72)){
const err180 = {instancePath:instancePath+"/spec/retry/attempts",schemaPath:"#/properties/spec/properties/retry/properties/attempts/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};
if(vErrors === null){
vErrors = [err180];
}
else {
vErrors.push(err180);
}
errors++;
}
}
}
if(data69.perTry !== undefined){
let data73 = data69.perTry;
if(typeof data73 === "string"){
if(!(formats34(data73))){
const err181 = {instancePath:instancePath+"/spec/retry/perTry",schemaPath:"#/properties/spec/properties/retry/properties/perTry/format",keyword:"format",params:{format: "timeout-or-off"},message:"must match format \""+"timeout-or-off"+"\""};
if(vErrors === null){
vErrors = [err181];
}
else {
vErrors.push(err181);
}
errors++;
}
}
else {
const err182 = {instancePath:instancePath+"/spec/retry/perTry",schemaPath:"#/properties/spec/properties/retry/properties/perTry/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err182];
}
else {
vErrors.push(err182);
}
errors++;
}
}
if(data69.budget !== undefined){
let data74 = data69.budget;
if(typeof data74 === "string"){
if(!(formats72(data74))){
const err183 = {instancePath:instancePath+"/spec/retry/budget",schemaPath:"#/properties/spec/properties/retry/properties/budget/format",keyword:"format",params:{format: "percent"},message:"must match format \""+"percent"+"\""};
if(vErrors === null){
vErrors = [err183];
}
else {
vErrors.push(err183);
}
errors++;
}
}
else {
const err184 = {instancePath:instancePath+"/spec/retry/budget",schemaPath:"#/properties/spec/properties/retry/properties/budget/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err184];
}
else {
vErrors.push(err184);
}
errors++;
}
}
if(data69.backoff !== undefined){
let data75 = data69.backoff;
if(data75 && typeof data75 == "object" && !Array.isArray(data75)){
for(const key19 in data75){
if(!((key19 === "base") || (key19 === "max"))){
const err185 = {instancePath:instancePath+"/spec/retry/backoff",schemaPath:"#/properties/spec/properties/retry/properties/backoff/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key19},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err185];
}
else {
vErrors.push(err185);
}
errors++;
}
}
if(data75.base !== undefined){
let data76 = data75.base;
if(typeof data76 === "string"){
if(!(formats20(data76))){
const err186 = {instancePath:instancePath+"/spec/retry/backoff/base",schemaPath:"#/properties/spec/properties/retry/properties/backoff/properties/base/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err186];
}
else {
vErrors.push(err186);
}
errors++;
}
}
else {
const err187 = {instancePath:instancePath+"/spec/retry/backoff/base",schemaPath:"#/properties/spec/properties/retry/properties/backoff/properties/base/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err187];
}
else {
vErrors.push(err187);
}
errors++;
}
}
if(data75.max !== undefined){
let data77 = data75.max;
if(typeof data77 === "string"){
if(!(formats20(data77))){
const err188 = {instancePath:instancePath+"/spec/retry/backoff/max",schemaPath:"#/properties/spec/properties/retry/properties/backoff/properties/max/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err188];
}
else {
vErrors.push(err188);
}
errors++;
}
}
else {
const err189 = {instancePath:instancePath+"/spec/retry/backoff/max",schemaPath:"#/properties/spec/properties/retry/properties/backoff/properties/max/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err189];
}
else {
vErrors.push(err189);
}
errors++;
}
}
}
else {
const err190 = {instancePath:instancePath+"/spec/retry/backoff",schemaPath:"#/properties/spec/properties/retry/properties/backoff/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err190];
}
else {
vErrors.push(err190);
}
errors++;
}
}
}
else {
const err191 = {instancePath:instancePath+"/spec/retry",schemaPath:"#/properties/spec/properties/retry/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err191];
}
else {
vErrors.push(err191);
}
errors++;
}
}
if(data8.cache !== undefined){
let data78 = data8.cache;
const _errs204 = errors;
let valid48 = false;
const _errs205 = errors;
if(data78 && typeof data78 == "object" && !Array.isArray(data78)){
for(const key20 in data78){
if(!((((key20 === "ttl") || (key20 === "staleIfError")) || (key20 === "vary")) || (key20 === "maxObject"))){
const err192 = {instancePath:instancePath+"/spec/cache",schemaPath:"#/properties/spec/properties/cache/anyOf/0/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key20},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err192];
}
else {
vErrors.push(err192);
}
errors++;
}
}
if(data78.ttl !== undefined){
let data79 = data78.ttl;
if(typeof data79 === "string"){
if(!(formats20(data79))){
const err193 = {instancePath:instancePath+"/spec/cache/ttl",schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/ttl/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err193];
}
else {
vErrors.push(err193);
}
errors++;
}
}
else {
const err194 = {instancePath:instancePath+"/spec/cache/ttl",schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/ttl/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err194];
}
else {
vErrors.push(err194);
}
errors++;
}
}
if(data78.staleIfError !== undefined){
let data80 = data78.staleIfError;
if(typeof data80 === "string"){
if(!(formats20(data80))){
const err195 = {instancePath:instancePath+"/spec/cache/staleIfError",schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/staleIfError/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err195];
}
else {
vErrors.push(err195);
}
errors++;
}
}
else {
const err196 = {instancePath:instancePath+"/spec/cache/staleIfError",schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/staleIfError/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err196];
}
else {
vErrors.push(err196);
}
errors++;
}
}
if(data78.vary !== undefined){
let data81 = data78.vary;
if(Array.isArray(data81)){
if(data81.length > 32){
const err197 = {instancePath:instancePath+"/spec/cache/vary",schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/vary/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items"};
if(vErrors === null){
vErrors = [err197];
}
else {
vErrors.push(err197);
}
errors++;
}
const len10 = data81.length;
for(let i10=0; i10<len10; i10++){
let data82 = data81[i10];
if(typeof data82 === "string"){
if(!(formats82(data82))){
const err198 = {instancePath:instancePath+"/spec/cache/vary/" + i10,schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/vary/items/format",keyword:"format",params:{format: "field-name"},message:"must match format \""+"field-name"+"\""};
if(vErrors === null){
vErrors = [err198];
}
else {
vErrors.push(err198);
}
errors++;
}
}
else {
const err199 = {instancePath:instancePath+"/spec/cache/vary/" + i10,schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/vary/items/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err199];
}
else {
vErrors.push(err199);
}
errors++;
}
}
}
else {
const err200 = {instancePath:instancePath+"/spec/cache/vary",schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/vary/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err200];
}
else {
vErrors.push(err200);
}
errors++;
}
}
if(data78.maxObject !== undefined){
let data83 = data78.maxObject;
if(typeof data83 === "string"){
if(!(formats16(data83))){
const err201 = {instancePath:instancePath+"/spec/cache/maxObject",schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/maxObject/format",keyword:"format",params:{format: "byte-size"},message:"must match format \""+"byte-size"+"\""};
if(vErrors === null){
vErrors = [err201];
}
else {
vErrors.push(err201);
}
errors++;
}
}
else {
const err202 = {instancePath:instancePath+"/spec/cache/maxObject",schemaPath:"#/properties/spec/properties/cache/anyOf/0/properties/maxObject/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err202];
}
else {
vErrors.push(err202);
}
errors++;
}
}
}
else {
const err203 = {instancePath:instancePath+"/spec/cache",schemaPath:"#/properties/spec/properties/cache/anyOf/0/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err203];
}
else {
vErrors.push(err203);
}
errors++;
}
var _valid8 = _errs205 === errors;
valid48 = valid48 || _valid8;
if(!valid48){
const _errs218 = errors;
if("off" !== data78){
const err204 = {instancePath:instancePath+"/spec/cache",schemaPath:"#/properties/spec/properties/cache/anyOf/1/const",keyword:"const",params:{allowedValue: "off"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err204];
}
else {
vErrors.push(err204);
}
errors++;
}
var _valid8 = _errs218 === errors;
valid48 = valid48 || _valid8;
}
if(!valid48){
const err205 = {instancePath:instancePath+"/spec/cache",schemaPath:"#/properties/spec/properties/cache/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err205];
}
else {
vErrors.push(err205);
}
errors++;
}
else {
errors = _errs204;
if(vErrors !== null){
if(_errs204){
vErrors.length = _errs204;
}
else {
vErrors = null;
}
}
}
}
if(data8.compress !== undefined){
let data84 = data8.compress;
const _errs220 = errors;
let valid52 = false;
const _errs221 = errors;
if(typeof data84 !== "boolean"){
const err206 = {instancePath:instancePath+"/spec/compress",schemaPath:"#/properties/spec/properties/compress/anyOf/0/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err206];
}
else {
vErrors.push(err206);
}
errors++;
}
var _valid9 = _errs221 === errors;
valid52 = valid52 || _valid9;
if(!valid52){
const _errs223 = errors;
if(data84 && typeof data84 == "object" && !Array.isArray(data84)){
for(const key21 in data84){
if(!(((key21 === "encodings") || (key21 === "minSize")) || (key21 === "types"))){
const err207 = {instancePath:instancePath+"/spec/compress",schemaPath:"#/properties/spec/properties/compress/anyOf/1/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key21},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err207];
}
else {
vErrors.push(err207);
}
errors++;
}
}
if(data84.encodings !== undefined){
let data85 = data84.encodings;
if(Array.isArray(data85)){
if(data85.length > 3){
const err208 = {instancePath:instancePath+"/spec/compress/encodings",schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/encodings/maxItems",keyword:"maxItems",params:{limit: 3},message:"must NOT have more than 3 items"};
if(vErrors === null){
vErrors = [err208];
}
else {
vErrors.push(err208);
}
errors++;
}
if(data85.length < 1){
const err209 = {instancePath:instancePath+"/spec/compress/encodings",schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/encodings/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err209];
}
else {
vErrors.push(err209);
}
errors++;
}
const len11 = data85.length;
for(let i11=0; i11<len11; i11++){
let data86 = data85[i11];
if(typeof data86 !== "string"){
const err210 = {instancePath:instancePath+"/spec/compress/encodings/" + i11,schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/encodings/items/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err210];
}
else {
vErrors.push(err210);
}
errors++;
}
if(!(((data86 === "br") || (data86 === "zstd")) || (data86 === "gzip"))){
const err211 = {instancePath:instancePath+"/spec/compress/encodings/" + i11,schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/encodings/items/enum",keyword:"enum",params:{allowedValues: schema12.properties.spec.properties.compress.anyOf[1].properties.encodings.items.enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err211];
}
else {
vErrors.push(err211);
}
errors++;
}
}
}
else {
const err212 = {instancePath:instancePath+"/spec/compress/encodings",schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/encodings/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err212];
}
else {
vErrors.push(err212);
}
errors++;
}
}
if(data84.minSize !== undefined){
let data87 = data84.minSize;
if(typeof data87 === "string"){
if(!(formats16(data87))){
const err213 = {instancePath:instancePath+"/spec/compress/minSize",schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/minSize/format",keyword:"format",params:{format: "byte-size"},message:"must match format \""+"byte-size"+"\""};
if(vErrors === null){
vErrors = [err213];
}
else {
vErrors.push(err213);
}
errors++;
}
}
else {
const err214 = {instancePath:instancePath+"/spec/compress/minSize",schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/minSize/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err214];
}
else {
vErrors.push(err214);
}
errors++;
}
}
if(data84.types !== undefined){
let data88 = data84.types;
if(Array.isArray(data88)){
if(data88.length > 256){
const err215 = {instancePath:instancePath+"/spec/compress/types",schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/types/maxItems",keyword:"maxItems",params:{limit: 256},message:"must NOT have more than 256 items"};
if(vErrors === null){
vErrors = [err215];
}
else {
vErrors.push(err215);
}
errors++;
}
if(data88.length < 1){
const err216 = {instancePath:instancePath+"/spec/compress/types",schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/types/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err216];
}
else {
vErrors.push(err216);
}
errors++;
}
const len12 = data88.length;
for(let i12=0; i12<len12; i12++){
let data89 = data88[i12];
if(typeof data89 === "string"){
if(!(formats88(data89))){
const err217 = {instancePath:instancePath+"/spec/compress/types/" + i12,schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/types/items/format",keyword:"format",params:{format: "media-range"},message:"must match format \""+"media-range"+"\""};
if(vErrors === null){
vErrors = [err217];
}
else {
vErrors.push(err217);
}
errors++;
}
}
else {
const err218 = {instancePath:instancePath+"/spec/compress/types/" + i12,schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/types/items/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err218];
}
else {
vErrors.push(err218);
}
errors++;
}
}
}
else {
const err219 = {instancePath:instancePath+"/spec/compress/types",schemaPath:"#/properties/spec/properties/compress/anyOf/1/properties/types/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err219];
}
else {
vErrors.push(err219);
}
errors++;
}
}
}
else {
const err220 = {instancePath:instancePath+"/spec/compress",schemaPath:"#/properties/spec/properties/compress/anyOf/1/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err220];
}
else {
vErrors.push(err220);
}
errors++;
}
var _valid9 = _errs223 === errors;
valid52 = valid52 || _valid9;
}
if(!valid52){
const err221 = {instancePath:instancePath+"/spec/compress",schemaPath:"#/properties/spec/properties/compress/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err221];
}
else {
vErrors.push(err221);
}
errors++;
}
else {
errors = _errs220;
if(vErrors !== null){
if(_errs220){
vErrors.length = _errs220;
}
else {
vErrors = null;
}
}
}
}
}
else {
const err222 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err222];
}
else {
vErrors.push(err222);
}
errors++;
}
}
}
else {
const err223 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err223];
}
else {
vErrors.push(err223);
}
errors++;
}
validate11.errors = vErrors;
return errors === 0;
}
const export2 = validate12;
const schema13 = {"type":"object","required":["apiVersion","kind","metadata","spec"],"properties":{"apiVersion":{"const":"postern/v1"},"kind":{"const":"Backend"},"metadata":{"type":"object","required":["name"],"properties":{"name":{"type":"string","format":"name"},"labels":{"type":"object","additionalProperties":{"type":"string","format":"text"}},"annotations":{"type":"object","additionalProperties":{"type":"string","format":"text"}}},"additionalProperties":false},"spec":{"type":"object","required":["endpoints"],"properties":{"endpoints":{"type":"array","minItems":1,"maxItems":256,"items":{"anyOf":[{"type":"string","format":"http-endpoint"},{"type":"object","required":["url"],"properties":{"url":{"type":"string","format":"http-endpoint"},"weight":{"type":"integer","minimum":0,"maximum":65535},"resolve":{"type":"string","enum":["address","srv"]}},"additionalProperties":false}]}},"protocol":{"type":"string","enum":["auto","http1","http2"]},"balance":{"anyOf":[{"type":"string","enum":["round-robin","least-request"]},{"type":"object","required":["consistent-hash"],"properties":{"consistent-hash":{"type":"object","required":["by"],"properties":{"by":{"type":"string","format":"hash-key"}},"additionalProperties":false}},"additionalProperties":false}]},"sourceAddress":{"type":"string","format":"ip-address"},"timeouts":{"type":"object","properties":{"connect":{"type":"string","format":"timeout"},"tls":{"type":"string","format":"timeout"},"response":{"type":"string","format":"timeout"},"idle":{"type":"string","format":"timeout"},"total":{"type":"string","format":"timeout-or-off"}},"additionalProperties":false},"pool":{"type":"object","properties":{"maxConnections":{"type":"integer","minimum":1,"maximum":65535},"maxPending":{"type":"integer","minimum":0,"maximum":65535},"pendingTimeout":{"type":"string","format":"timeout"},"idle":{"type":"string","format":"timeout"}},"additionalProperties":false},"slowStart":{"type":"string","format":"timeout-or-off"},"resolveInterval":{"type":"string","format":"timeout"},"health":{"type":"object","properties":{"active":{"type":"object","properties":{"path":{"type":"string","format":"request-path"},"tcp":{"type":"boolean"},"host":{"type":"string","format":"host-name"},"status":{"anyOf":[{"type":"string","format":"status-range"},{"type":"integer","minimum":100,"maximum":599}]},"interval":{"type":"string","format":"timeout"},"timeout":{"type":"string","format":"timeout"},"healthy":{"type":"integer","minimum":1,"maximum":1000},"unhealthy":{"type":"integer","minimum":1,"maximum":1000}},"additionalProperties":false},"passive":{"anyOf":[{"type":"object","properties":{"consecutiveFailures":{"type":"integer","minimum":1,"maximum":1000},"failureShare":{"anyOf":[{"type":"string","format":"percent"},{"const":"off"}]},"minRequests":{"type":"integer","minimum":1,"maximum":1000000},"interval":{"type":"string","format":"timeout"},"ejectFor":{"type":"string","format":"timeout"},"maxEjectFor":{"type":"string","format":"timeout"},"panicBelow":{"type":"string","format":"percent"}},"additionalProperties":false},{"const":"off"}]}},"additionalProperties":false},"breaker":{"type":"object","properties":{"failureShare":{"type":"string","format":"percent"},"minRequests":{"type":"integer","minimum":1,"maximum":1000000},"window":{"type":"string","format":"timeout"},"openFor":{"type":"string","format":"timeout"}},"additionalProperties":false},"retry":{"type":"object","properties":{"on":{"type":"array","maxItems":32,"items":{"anyOf":[{"type":"string","enum":["connect","reset","timeout","refused-stream"]},{"type":"integer","minimum":400,"maximum":599}]}},"attempts":{"type":"integer","minimum":0,"maximum":10},"perTry":{"type":"string","format":"timeout-or-off"},"budget":{"type":"string","format":"percent"},"backoff":{"type":"object","properties":{"base":{"type":"string","format":"timeout"},"max":{"type":"string","format":"timeout"}},"additionalProperties":false}},"additionalProperties":false},"tls":{"type":"object","properties":{"ca":{"type":"string","format":"secret"},"serverName":{"type":"string","format":"host-name"},"verify":{"type":"boolean"},"cert":{"type":"string","format":"secret"},"key":{"type":"string","format":"secret"}},"additionalProperties":false}},"additionalProperties":false}},"additionalProperties":false};
const formats126 = formats["http-endpoint"];
const formats130 = formats["hash-key"];
const formats152 = formats["request-path"];
const formats154 = formats["host-name"];
const formats156 = formats["status-range"];
function validate12(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.apiVersion === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "apiVersion"},message:"must have required property '"+"apiVersion"+"'"};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.kind === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "kind"},message:"must have required property '"+"kind"+"'"};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.metadata === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "metadata"},message:"must have required property '"+"metadata"+"'"};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(data.spec === undefined){
const err3 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "spec"},message:"must have required property '"+"spec"+"'"};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
for(const key0 in data){
if(!((((key0 === "apiVersion") || (key0 === "kind")) || (key0 === "metadata")) || (key0 === "spec"))){
const err4 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.apiVersion !== undefined){
if("postern/v1" !== data.apiVersion){
const err5 = {instancePath:instancePath+"/apiVersion",schemaPath:"#/properties/apiVersion/const",keyword:"const",params:{allowedValue: "postern/v1"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.kind !== undefined){
if("Backend" !== data.kind){
const err6 = {instancePath:instancePath+"/kind",schemaPath:"#/properties/kind/const",keyword:"const",params:{allowedValue: "Backend"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.metadata !== undefined){
let data2 = data.metadata;
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
if(data2.name === undefined){
const err7 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'"};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
for(const key1 in data2){
if(!(((key1 === "name") || (key1 === "labels")) || (key1 === "annotations"))){
const err8 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data2.name !== undefined){
let data3 = data2.name;
if(typeof data3 === "string"){
if(!(formats0(data3))){
const err9 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data2.labels !== undefined){
let data4 = data2.labels;
if(data4 && typeof data4 == "object" && !Array.isArray(data4)){
for(const key2 in data4){
let data5 = data4[key2];
if(typeof data5 === "string"){
if(!(formats2(data5))){
const err11 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
else {
const err12 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
}
else {
const err13 = {instancePath:instancePath+"/metadata/labels",schemaPath:"#/properties/metadata/properties/labels/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data2.annotations !== undefined){
let data6 = data2.annotations;
if(data6 && typeof data6 == "object" && !Array.isArray(data6)){
for(const key3 in data6){
let data7 = data6[key3];
if(typeof data7 === "string"){
if(!(formats2(data7))){
const err14 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
else {
const err15 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
else {
const err16 = {instancePath:instancePath+"/metadata/annotations",schemaPath:"#/properties/metadata/properties/annotations/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
}
else {
const err17 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data.spec !== undefined){
let data8 = data.spec;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
if(data8.endpoints === undefined){
const err18 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/required",keyword:"required",params:{missingProperty: "endpoints"},message:"must have required property '"+"endpoints"+"'"};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
for(const key4 in data8){
if(!(func2.call(schema13.properties.spec.properties, key4))){
const err19 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key4},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
if(data8.endpoints !== undefined){
let data9 = data8.endpoints;
if(Array.isArray(data9)){
if(data9.length > 256){
const err20 = {instancePath:instancePath+"/spec/endpoints",schemaPath:"#/properties/spec/properties/endpoints/maxItems",keyword:"maxItems",params:{limit: 256},message:"must NOT have more than 256 items"};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
if(data9.length < 1){
const err21 = {instancePath:instancePath+"/spec/endpoints",schemaPath:"#/properties/spec/properties/endpoints/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
const len0 = data9.length;
for(let i0=0; i0<len0; i0++){
let data10 = data9[i0];
const _errs25 = errors;
let valid7 = false;
const _errs26 = errors;
if(typeof data10 === "string"){
if(!(formats126(data10))){
const err22 = {instancePath:instancePath+"/spec/endpoints/" + i0,schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/0/format",keyword:"format",params:{format: "http-endpoint"},message:"must match format \""+"http-endpoint"+"\""};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
else {
const err23 = {instancePath:instancePath+"/spec/endpoints/" + i0,schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/0/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
var _valid0 = _errs26 === errors;
valid7 = valid7 || _valid0;
if(!valid7){
const _errs28 = errors;
if(data10 && typeof data10 == "object" && !Array.isArray(data10)){
if(data10.url === undefined){
const err24 = {instancePath:instancePath+"/spec/endpoints/" + i0,schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/required",keyword:"required",params:{missingProperty: "url"},message:"must have required property '"+"url"+"'"};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
for(const key5 in data10){
if(!(((key5 === "url") || (key5 === "weight")) || (key5 === "resolve"))){
const err25 = {instancePath:instancePath+"/spec/endpoints/" + i0,schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key5},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
if(data10.url !== undefined){
let data11 = data10.url;
if(typeof data11 === "string"){
if(!(formats126(data11))){
const err26 = {instancePath:instancePath+"/spec/endpoints/" + i0+"/url",schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/properties/url/format",keyword:"format",params:{format: "http-endpoint"},message:"must match format \""+"http-endpoint"+"\""};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
}
else {
const err27 = {instancePath:instancePath+"/spec/endpoints/" + i0+"/url",schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/properties/url/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
if(data10.weight !== undefined){
let data12 = data10.weight;
if(!(((typeof data12 == "number") && (!(data12 % 1) && !isNaN(data12))) && (isFinite(data12)))){
const err28 = {instancePath:instancePath+"/spec/endpoints/" + i0+"/weight",schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/properties/weight/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
if((typeof data12 == "number") && (isFinite(data12))){
if(data12 > 65535 || isNaN(data12)){
const err29 = {instancePath:instancePath+"/spec/endpoints/" + i0+"/weight",schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/properties/weight/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535"};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
}
if(data12 < 0 || isNaN(data12)){
const err30 = {instancePath:instancePath+"/spec/endpoints/" + i0+"/weight",schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/properties/weight/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
}
}
if(data10.resolve !== undefined){
let data13 = data10.resolve;
if(typeof data13 !== "string"){
const err31 = {instancePath:instancePath+"/spec/endpoints/" + i0+"/resolve",schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/properties/resolve/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err31];
}
else {
vErrors.push(err31);
}
errors++;
}
if(!((data13 === "address") || (data13 === "srv"))){
const err32 = {instancePath:instancePath+"/spec/endpoints/" + i0+"/resolve",schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/properties/resolve/enum",keyword:"enum",params:{allowedValues: schema13.properties.spec.properties.endpoints.items.anyOf[1].properties.resolve.enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err32];
}
else {
vErrors.push(err32);
}
errors++;
}
}
}
else {
const err33 = {instancePath:instancePath+"/spec/endpoints/" + i0,schemaPath:"#/properties/spec/properties/endpoints/items/anyOf/1/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err33];
}
else {
vErrors.push(err33);
}
errors++;
}
var _valid0 = _errs28 === errors;
valid7 = valid7 || _valid0;
}
if(!valid7){
const err34 = {instancePath:instancePath+"/spec/endpoints/" + i0,schemaPath:"#/properties/spec/properties/endpoints/items/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err34];
}
else {
vErrors.push(err34);
}
errors++;
}
else {
errors = _errs25;
if(vErrors !== null){
if(_errs25){
vErrors.length = _errs25;
}
else {
vErrors = null;
}
}
}
}
}
else {
const err35 = {instancePath:instancePath+"/spec/endpoints",schemaPath:"#/properties/spec/properties/endpoints/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err35];
}
else {
vErrors.push(err35);
}
errors++;
}
}
if(data8.protocol !== undefined){
let data14 = data8.protocol;
if(typeof data14 !== "string"){
const err36 = {instancePath:instancePath+"/spec/protocol",schemaPath:"#/properties/spec/properties/protocol/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err36];
}
else {
vErrors.push(err36);
}
errors++;
}
if(!(((data14 === "auto") || (data14 === "http1")) || (data14 === "http2"))){
const err37 = {instancePath:instancePath+"/spec/protocol",schemaPath:"#/properties/spec/properties/protocol/enum",keyword:"enum",params:{allowedValues: schema13.properties.spec.properties.protocol.enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err37];
}
else {
vErrors.push(err37);
}
errors++;
}
}
if(data8.balance !== undefined){
let data15 = data8.balance;
const _errs40 = errors;
let valid9 = false;
const _errs41 = errors;
if(typeof data15 !== "string"){
const err38 = {instancePath:instancePath+"/spec/balance",schemaPath:"#/properties/spec/properties/balance/anyOf/0/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err38];
}
else {
vErrors.push(err38);
}
errors++;
}
if(!((data15 === "round-robin") || (data15 === "least-request"))){
const err39 = {instancePath:instancePath+"/spec/balance",schemaPath:"#/properties/spec/properties/balance/anyOf/0/enum",keyword:"enum",params:{allowedValues: schema13.properties.spec.properties.balance.anyOf[0].enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err39];
}
else {
vErrors.push(err39);
}
errors++;
}
var _valid1 = _errs41 === errors;
valid9 = valid9 || _valid1;
if(!valid9){
const _errs43 = errors;
if(data15 && typeof data15 == "object" && !Array.isArray(data15)){
if(data15["consistent-hash"] === undefined){
const err40 = {instancePath:instancePath+"/spec/balance",schemaPath:"#/properties/spec/properties/balance/anyOf/1/required",keyword:"required",params:{missingProperty: "consistent-hash"},message:"must have required property '"+"consistent-hash"+"'"};
if(vErrors === null){
vErrors = [err40];
}
else {
vErrors.push(err40);
}
errors++;
}
for(const key6 in data15){
if(!(key6 === "consistent-hash")){
const err41 = {instancePath:instancePath+"/spec/balance",schemaPath:"#/properties/spec/properties/balance/anyOf/1/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key6},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err41];
}
else {
vErrors.push(err41);
}
errors++;
}
}
if(data15["consistent-hash"] !== undefined){
let data16 = data15["consistent-hash"];
if(data16 && typeof data16 == "object" && !Array.isArray(data16)){
if(data16.by === undefined){
const err42 = {instancePath:instancePath+"/spec/balance/consistent-hash",schemaPath:"#/properties/spec/properties/balance/anyOf/1/properties/consistent-hash/required",keyword:"required",params:{missingProperty: "by"},message:"must have required property '"+"by"+"'"};
if(vErrors === null){
vErrors = [err42];
}
else {
vErrors.push(err42);
}
errors++;
}
for(const key7 in data16){
if(!(key7 === "by")){
const err43 = {instancePath:instancePath+"/spec/balance/consistent-hash",schemaPath:"#/properties/spec/properties/balance/anyOf/1/properties/consistent-hash/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key7},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err43];
}
else {
vErrors.push(err43);
}
errors++;
}
}
if(data16.by !== undefined){
let data17 = data16.by;
if(typeof data17 === "string"){
if(!(formats130(data17))){
const err44 = {instancePath:instancePath+"/spec/balance/consistent-hash/by",schemaPath:"#/properties/spec/properties/balance/anyOf/1/properties/consistent-hash/properties/by/format",keyword:"format",params:{format: "hash-key"},message:"must match format \""+"hash-key"+"\""};
if(vErrors === null){
vErrors = [err44];
}
else {
vErrors.push(err44);
}
errors++;
}
}
else {
const err45 = {instancePath:instancePath+"/spec/balance/consistent-hash/by",schemaPath:"#/properties/spec/properties/balance/anyOf/1/properties/consistent-hash/properties/by/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err45];
}
else {
vErrors.push(err45);
}
errors++;
}
}
}
else {
const err46 = {instancePath:instancePath+"/spec/balance/consistent-hash",schemaPath:"#/properties/spec/properties/balance/anyOf/1/properties/consistent-hash/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err46];
}
else {
vErrors.push(err46);
}
errors++;
}
}
}
else {
const err47 = {instancePath:instancePath+"/spec/balance",schemaPath:"#/properties/spec/properties/balance/anyOf/1/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err47];
}
else {
vErrors.push(err47);
}
errors++;
}
var _valid1 = _errs43 === errors;
valid9 = valid9 || _valid1;
}
if(!valid9){
const err48 = {instancePath:instancePath+"/spec/balance",schemaPath:"#/properties/spec/properties/balance/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err48];
}
else {
vErrors.push(err48);
}
errors++;
}
else {
errors = _errs40;
if(vErrors !== null){
if(_errs40){
vErrors.length = _errs40;
}
else {
vErrors = null;
}
}
}
}
if(data8.sourceAddress !== undefined){
let data18 = data8.sourceAddress;
if(typeof data18 === "string"){
if(!(formats8(data18))){
const err49 = {instancePath:instancePath+"/spec/sourceAddress",schemaPath:"#/properties/spec/properties/sourceAddress/format",keyword:"format",params:{format: "ip-address"},message:"must match format \""+"ip-address"+"\""};
if(vErrors === null){
vErrors = [err49];
}
else {
vErrors.push(err49);
}
errors++;
}
}
else {
const err50 = {instancePath:instancePath+"/spec/sourceAddress",schemaPath:"#/properties/spec/properties/sourceAddress/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err50];
}
else {
vErrors.push(err50);
}
errors++;
}
}
if(data8.timeouts !== undefined){
let data19 = data8.timeouts;
if(data19 && typeof data19 == "object" && !Array.isArray(data19)){
for(const key8 in data19){
if(!(((((key8 === "connect") || (key8 === "tls")) || (key8 === "response")) || (key8 === "idle")) || (key8 === "total"))){
const err51 = {instancePath:instancePath+"/spec/timeouts",schemaPath:"#/properties/spec/properties/timeouts/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key8},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err51];
}
else {
vErrors.push(err51);
}
errors++;
}
}
if(data19.connect !== undefined){
let data20 = data19.connect;
if(typeof data20 === "string"){
if(!(formats20(data20))){
const err52 = {instancePath:instancePath+"/spec/timeouts/connect",schemaPath:"#/properties/spec/properties/timeouts/properties/connect/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err52];
}
else {
vErrors.push(err52);
}
errors++;
}
}
else {
const err53 = {instancePath:instancePath+"/spec/timeouts/connect",schemaPath:"#/properties/spec/properties/timeouts/properties/connect/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err53];
}
else {
vErrors.push(err53);
}
errors++;
}
}
if(data19.tls !== undefined){
let data21 = data19.tls;
if(typeof data21 === "string"){
if(!(formats20(data21))){
const err54 = {instancePath:instancePath+"/spec/timeouts/tls",schemaPath:"#/properties/spec/properties/timeouts/properties/tls/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err54];
}
else {
vErrors.push(err54);
}
errors++;
}
}
else {
const err55 = {instancePath:instancePath+"/spec/timeouts/tls",schemaPath:"#/properties/spec/properties/timeouts/properties/tls/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err55];
}
else {
vErrors.push(err55);
}
errors++;
}
}
if(data19.response !== undefined){
let data22 = data19.response;
if(typeof data22 === "string"){
if(!(formats20(data22))){
const err56 = {instancePath:instancePath+"/spec/timeouts/response",schemaPath:"#/properties/spec/properties/timeouts/properties/response/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err56];
}
else {
vErrors.push(err56);
}
errors++;
}
}
else {
const err57 = {instancePath:instancePath+"/spec/timeouts/response",schemaPath:"#/properties/spec/properties/timeouts/properties/response/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err57];
}
else {
vErrors.push(err57);
}
errors++;
}
}
if(data19.idle !== undefined){
let data23 = data19.idle;
if(typeof data23 === "string"){
if(!(formats20(data23))){
const err58 = {instancePath:instancePath+"/spec/timeouts/idle",schemaPath:"#/properties/spec/properties/timeouts/properties/idle/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err58];
}
else {
vErrors.push(err58);
}
errors++;
}
}
else {
const err59 = {instancePath:instancePath+"/spec/timeouts/idle",schemaPath:"#/properties/spec/properties/timeouts/properties/idle/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err59];
}
else {
vErrors.push(err59);
}
errors++;
}
}
if(data19.total !== undefined){
let data24 = data19.total;
if(typeof data24 === "string"){
if(!(formats34(data24))){
const err60 = {instancePath:instancePath+"/spec/timeouts/total",schemaPath:"#/properties/spec/properties/timeouts/properties/total/format",keyword:"format",params:{format: "timeout-or-off"},message:"must match format \""+"timeout-or-off"+"\""};
if(vErrors === null){
vErrors = [err60];
}
else {
vErrors.push(err60);
}
errors++;
}
}
else {
const err61 = {instancePath:instancePath+"/spec/timeouts/total",schemaPath:"#/properties/spec/properties/timeouts/properties/total/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err61];
}
else {
vErrors.push(err61);
}
errors++;
}
}
}
else {
const err62 = {instancePath:instancePath+"/spec/timeouts",schemaPath:"#/properties/spec/properties/timeouts/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err62];
}
else {
vErrors.push(err62);
}
errors++;
}
}
if(data8.pool !== undefined){
let data25 = data8.pool;
if(data25 && typeof data25 == "object" && !Array.isArray(data25)){
for(const key9 in data25){
if(!((((key9 === "maxConnections") || (key9 === "maxPending")) || (key9 === "pendingTimeout")) || (key9 === "idle"))){
const err63 = {instancePath:instancePath+"/spec/pool",schemaPath:"#/properties/spec/properties/pool/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key9},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err63];
}
else {
vErrors.push(err63);
}
errors++;
}
}
if(data25.maxConnections !== undefined){
let data26 = data25.maxConnections;
if(!(((typeof data26 == "number") && (!(data26 % 1) && !isNaN(data26))) && (isFinite(data26)))){
const err64 = {instancePath:instancePath+"/spec/pool/maxConnections",schemaPath:"#/properties/spec/properties/pool/properties/maxConnections/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err64];
}
else {
vErrors.push(err64);
}
errors++;
}
if((typeof data26 == "number") && (isFinite(data26))){
if(data26 > 65535 || isNaN(data26)){
const err65 = {instancePath:instancePath+"/spec/pool/maxConnections",schemaPath:"#/properties/spec/properties/pool/properties/maxConnections/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535"};
if(vErrors === null){
vErrors = [err65];
}
else {
vErrors.push(err65);
}
errors++;
}
if(data26 < 1 || isNaN(data26)){
const err66 = {instancePath:instancePath+"/spec/pool/maxConnections",schemaPath:"#/properties/spec/properties/pool/properties/maxConnections/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err66];
}
else {
vErrors.push(err66);
}
errors++;
}
}
}
if(data25.maxPending !== undefined){
let data27 = data25.maxPending;
if(!(((typeof data27 == "number") && (!(data27 % 1) && !isNaN(data27))) && (isFinite(data27)))){
const err67 = {instancePath:instancePath+"/spec/pool/maxPending",schemaPath:"#/properties/spec/properties/pool/properties/maxPending/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err67];
}
else {
vErrors.push(err67);
}
errors++;
}
if((typeof data27 == "number") && (isFinite(data27))){
if(data27 > 65535 || isNaN(data27)){
const err68 = {instancePath:instancePath+"/spec/pool/maxPending",schemaPath:"#/properties/spec/properties/pool/properties/maxPending/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535"};
if(vErrors === null){
vErrors = [err68];
}
else {
vErrors.push(err68);
}
errors++;
}
if(data27 < 0 || isNaN(data27)){
const err69 = {instancePath:instancePath+"/spec/pool/maxPending",schemaPath:"#/properties/spec/properties/pool/properties/maxPending/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};
if(vErrors === null){
vErrors = [err69];
}
else {
vErrors.push(err69);
}
errors++;
}
}
}
if(data25.pendingTimeout !== undefined){
let data28 = data25.pendingTimeout;
if(typeof data28 === "string"){
if(!(formats20(data28))){
const err70 = {instancePath:instancePath+"/spec/pool/pendingTimeout",schemaPath:"#/properties/spec/properties/pool/properties/pendingTimeout/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err70];
}
else {
vErrors.push(err70);
}
errors++;
}
}
else {
const err71 = {instancePath:instancePath+"/spec/pool/pendingTimeout",schemaPath:"#/properties/spec/properties/pool/properties/pendingTimeout/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err71];
}
else {
vErrors.push(err71);
}
errors++;
}
}
if(data25.idle !== undefined){
let data29 = data25.idle;
if(typeof data29 === "string"){
if(!(formats20(data29))){
const err72 = {instancePath:instancePath+"/spec/pool/idle",schemaPath:"#/properties/spec/properties/pool/properties/idle/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err72];
}
else {
vErrors.push(err72);
}
errors++;
}
}
else {
const err73 = {instancePath:instancePath+"/spec/pool/idle",schemaPath:"#/properties/spec/properties/pool/properties/idle/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err73];
}
else {
vErrors.push(err73);
}
errors++;
}
}
}
else {
const err74 = {instancePath:instancePath+"/spec/pool",schemaPath:"#/properties/spec/properties/pool/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err74];
}
else {
vErrors.push(err74);
}
errors++;
}
}
if(data8.slowStart !== undefined){
let data30 = data8.slowStart;
if(typeof data30 === "string"){
if(!(formats34(data30))){
const err75 = {instancePath:instancePath+"/spec/slowStart",schemaPath:"#/properties/spec/properties/slowStart/format",keyword:"format",params:{format: "timeout-or-off"},message:"must match format \""+"timeout-or-off"+"\""};
if(vErrors === null){
vErrors = [err75];
}
else {
vErrors.push(err75);
}
errors++;
}
}
else {
const err76 = {instancePath:instancePath+"/spec/slowStart",schemaPath:"#/properties/spec/properties/slowStart/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err76];
}
else {
vErrors.push(err76);
}
errors++;
}
}
if(data8.resolveInterval !== undefined){
let data31 = data8.resolveInterval;
if(typeof data31 === "string"){
if(!(formats20(data31))){
const err77 = {instancePath:instancePath+"/spec/resolveInterval",schemaPath:"#/properties/spec/properties/resolveInterval/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err77];
}
else {
vErrors.push(err77);
}
errors++;
}
}
else {
const err78 = {instancePath:instancePath+"/spec/resolveInterval",schemaPath:"#/properties/spec/properties/resolveInterval/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err78];
}
else {
vErrors.push(err78);
}
errors++;
}
}
if(data8.health !== undefined){
let data32 = data8.health;
if(data32 && typeof data32 == "object" && !Array.isArray(data32)){
for(const key10 in data32){
if(!((key10 === "active") || (key10 === "passive"))){
const err79 = {instancePath:instancePath+"/spec/health",schemaPath:"#/properties/spec/properties/health/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key10},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err79];
}
else {
vErrors.push(err79);
}
errors++;
}
}
if(data32.active !== undefined){
let data33 = data32.active;
if(data33 && typeof data33 == "object" && !Array.isArray(data33)){
for(const key11 in data33){
if(!((((((((key11 === "path") || (key11 === "tcp")) || (key11 === "host")) || (key11 === "status")) || (key11 === "interval")) || (key11 === "timeout")) || (key11 === "healthy")) || (key11 === "unhealthy"))){
const err80 = {instancePath:instancePath+"/spec/health/active",schemaPath:"#/properties/spec/properties/health/properties/active/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key11},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err80];
}
else {
vErrors.push(err80);
}
errors++;
}
}
if(data33.path !== undefined){
let data34 = data33.path;
if(typeof data34 === "string"){
if(!(formats152(data34))){
const err81 = {instancePath:instancePath+"/spec/health/active/path",schemaPath:"#/properties/spec/properties/health/properties/active/properties/path/format",keyword:"format",params:{format: "request-path"},message:"must match format \""+"request-path"+"\""};
if(vErrors === null){
vErrors = [err81];
}
else {
vErrors.push(err81);
}
errors++;
}
}
else {
const err82 = {instancePath:instancePath+"/spec/health/active/path",schemaPath:"#/properties/spec/properties/health/properties/active/properties/path/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err82];
}
else {
vErrors.push(err82);
}
errors++;
}
}
if(data33.tcp !== undefined){
if(typeof data33.tcp !== "boolean"){
const err83 = {instancePath:instancePath+"/spec/health/active/tcp",schemaPath:"#/properties/spec/properties/health/properties/active/properties/tcp/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err83];
}
else {
vErrors.push(err83);
}
errors++;
}
}
if(data33.host !== undefined){
let data36 = data33.host;
if(typeof data36 === "string"){
if(!(formats154(data36))){
const err84 = {instancePath:instancePath+"/spec/health/active/host",schemaPath:"#/properties/spec/properties/health/properties/active/properties/host/format",keyword:"format",params:{format: "host-name"},message:"must match format \""+"host-name"+"\""};
if(vErrors === null){
vErrors = [err84];
}
else {
vErrors.push(err84);
}
errors++;
}
}
else {
const err85 = {instancePath:instancePath+"/spec/health/active/host",schemaPath:"#/properties/spec/properties/health/properties/active/properties/host/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err85];
}
else {
vErrors.push(err85);
}
errors++;
}
}
if(data33.status !== undefined){
let data37 = data33.status;
const _errs94 = errors;
let valid16 = false;
const _errs95 = errors;
if(typeof data37 === "string"){
if(!(formats156(data37))){
const err86 = {instancePath:instancePath+"/spec/health/active/status",schemaPath:"#/properties/spec/properties/health/properties/active/properties/status/anyOf/0/format",keyword:"format",params:{format: "status-range"},message:"must match format \""+"status-range"+"\""};
if(vErrors === null){
vErrors = [err86];
}
else {
vErrors.push(err86);
}
errors++;
}
}
else {
const err87 = {instancePath:instancePath+"/spec/health/active/status",schemaPath:"#/properties/spec/properties/health/properties/active/properties/status/anyOf/0/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err87];
}
else {
vErrors.push(err87);
}
errors++;
}
var _valid2 = _errs95 === errors;
valid16 = valid16 || _valid2;
if(!valid16){
const _errs97 = errors;
if(!(((typeof data37 == "number") && (!(data37 % 1) && !isNaN(data37))) && (isFinite(data37)))){
const err88 = {instancePath:instancePath+"/spec/health/active/status",schemaPath:"#/properties/spec/properties/health/properties/active/properties/status/anyOf/1/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err88];
}
else {
vErrors.push(err88);
}
errors++;
}
if((typeof data37 == "number") && (isFinite(data37))){
if(data37 > 599 || isNaN(data37)){
const err89 = {instancePath:instancePath+"/spec/health/active/status",schemaPath:"#/properties/spec/properties/health/properties/active/properties/status/anyOf/1/maximum",keyword:"maximum",params:{comparison: "<=", limit: 599},message:"must be <= 599"};
if(vErrors === null){
vErrors = [err89];
}
else {
vErrors.push(err89);
}
errors++;
}
if(data37 < 100 || isNaN(data37)){
const err90 = {instancePath:instancePath+"/spec/health/active/status",schemaPath:"#/properties/spec/properties/health/properties/active/properties/status/anyOf/1/minimum",keyword:"minimum",params:{comparison: ">=", limit: 100},message:"must be >= 100"};
if(vErrors === null){
vErrors = [err90];
}
else {
vErrors.push(err90);
}
errors++;
}
}
var _valid2 = _errs97 === errors;
valid16 = valid16 || _valid2;
}
if(!valid16){
const err91 = {instancePath:instancePath+"/spec/health/active/status",schemaPath:"#/properties/spec/properties/health/properties/active/properties/status/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err91];
}
else {
vErrors.push(err91);
}
errors++;
}
else {
errors = _errs94;
if(vErrors !== null){
if(_errs94){
vErrors.length = _errs94;
}
else {
vErrors = null;
}
}
}
}
if(data33.interval !== undefined){
let data38 = data33.interval;
if(typeof data38 === "string"){
if(!(formats20(data38))){
const err92 = {instancePath:instancePath+"/spec/health/active/interval",schemaPath:"#/properties/spec/properties/health/properties/active/properties/interval/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err92];
}
else {
vErrors.push(err92);
}
errors++;
}
}
else {
const err93 = {instancePath:instancePath+"/spec/health/active/interval",schemaPath:"#/properties/spec/properties/health/properties/active/properties/interval/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err93];
}
else {
vErrors.push(err93);
}
errors++;
}
}
if(data33.timeout !== undefined){
let data39 = data33.timeout;
if(typeof data39 === "string"){
if(!(formats20(data39))){
const err94 = {instancePath:instancePath+"/spec/health/active/timeout",schemaPath:"#/properties/spec/properties/health/properties/active/properties/timeout/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err94];
}
else {
vErrors.push(err94);
}
errors++;
}
}
else {
const err95 = {instancePath:instancePath+"/spec/health/active/timeout",schemaPath:"#/properties/spec/properties/health/properties/active/properties/timeout/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err95];
}
else {
vErrors.push(err95);
}
errors++;
}
}
if(data33.healthy !== undefined){
let data40 = data33.healthy;
if(!(((typeof data40 == "number") && (!(data40 % 1) && !isNaN(data40))) && (isFinite(data40)))){
const err96 = {instancePath:instancePath+"/spec/health/active/healthy",schemaPath:"#/properties/spec/properties/health/properties/active/properties/healthy/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err96];
}
else {
vErrors.push(err96);
}
errors++;
}
if((typeof data40 == "number") && (isFinite(data40))){
if(data40 > 1000 || isNaN(data40)){
const err97 = {instancePath:instancePath+"/spec/health/active/healthy",schemaPath:"#/properties/spec/properties/health/properties/active/properties/healthy/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000"};
if(vErrors === null){
vErrors = [err97];
}
else {
vErrors.push(err97);
}
errors++;
}
if(data40 < 1 || isNaN(data40)){
const err98 = {instancePath:instancePath+"/spec/health/active/healthy",schemaPath:"#/properties/spec/properties/health/properties/active/properties/healthy/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err98];
}
else {
vErrors.push(err98);
}
errors++;
}
}
}
if(data33.unhealthy !== undefined){
let data41 = data33.unhealthy;
if(!(((typeof data41 == "number") && (!(data41 % 1) && !isNaN(data41))) && (isFinite(data41)))){
const err99 = {instancePath:instancePath+"/spec/health/active/unhealthy",schemaPath:"#/properties/spec/properties/health/properties/active/properties/unhealthy/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err99];
}
else {
vErrors.push(err99);
}
errors++;
}
if((typeof data41 == "number") && (isFinite(data41))){
if(data41 > 1000 || isNaN(data41)){
const err100 = {instancePath:instancePath+"/spec/health/active/unhealthy",schemaPath:"#/properties/spec/properties/health/properties/active/properties/unhealthy/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000"};
if(vErrors === null){
vErrors = [err100];
}
else {
vErrors.push(err100);
}
errors++;
}
if(data41 < 1 || isNaN(data41)){
const err101 = {instancePath:instancePath+"/spec/health/active/unhealthy",schemaPath:"#/properties/spec/properties/health/properties/active/properties/unhealthy/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err101];
}
else {
vErrors.push(err101);
}
errors++;
}
}
}
}
else {
const err102 = {instancePath:instancePath+"/spec/health/active",schemaPath:"#/properties/spec/properties/health/properties/active/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err102];
}
else {
vErrors.push(err102);
}
errors++;
}
}
if(data32.passive !== undefined){
let data42 = data32.passive;
const _errs108 = errors;
let valid17 = false;
const _errs109 = errors;
if(data42 && typeof data42 == "object" && !Array.isArray(data42)){
for(const key12 in data42){
if(!(((((((key12 === "consecutiveFailures") || (key12 === "failureShare")) || (key12 === "minRequests")) || (key12 === "interval")) || (key12 === "ejectFor")) || (key12 === "maxEjectFor")) || (key12 === "panicBelow"))){
const err103 = {instancePath:instancePath+"/spec/health/passive",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key12},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err103];
}
else {
vErrors.push(err103);
}
errors++;
}
}
if(data42.consecutiveFailures !== undefined){
let data43 = data42.consecutiveFailures;
if(!(((typeof data43 == "number") && (!(data43 % 1) && !isNaN(data43))) && (isFinite(data43)))){
const err104 = {instancePath:instancePath+"/spec/health/passive/consecutiveFailures",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/consecutiveFailures/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err104];
}
else {
vErrors.push(err104);
}
errors++;
}
if((typeof data43 == "number") && (isFinite(data43))){
if(data43 > 1000 || isNaN(data43)){
const err105 = {instancePath:instancePath+"/spec/health/passive/consecutiveFailures",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/consecutiveFailures/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000"};
if(vErrors === null){
vErrors = [err105];
}
else {
vErrors.push(err105);
}
errors++;
}
if(data43 < 1 || isNaN(data43)){
const err106 = {instancePath:instancePath+"/spec/health/passive/consecutiveFailures",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/consecutiveFailures/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err106];
}
else {
vErrors.push(err106);
}
errors++;
}
}
}
if(data42.failureShare !== undefined){
let data44 = data42.failureShare;
const _errs115 = errors;
let valid19 = false;
const _errs116 = errors;
if(typeof data44 === "string"){
if(!(formats72(data44))){
const err107 = {instancePath:instancePath+"/spec/health/passive/failureShare",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/failureShare/anyOf/0/format",keyword:"format",params:{format: "percent"},message:"must match format \""+"percent"+"\""};
if(vErrors === null){
vErrors = [err107];
}
else {
vErrors.push(err107);
}
errors++;
}
}
else {
const err108 = {instancePath:instancePath+"/spec/health/passive/failureShare",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/failureShare/anyOf/0/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err108];
}
else {
vErrors.push(err108);
}
errors++;
}
var _valid4 = _errs116 === errors;
valid19 = valid19 || _valid4;
if(!valid19){
const _errs118 = errors;
if("off" !== data44){
const err109 = {instancePath:instancePath+"/spec/health/passive/failureShare",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/failureShare/anyOf/1/const",keyword:"const",params:{allowedValue: "off"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err109];
}
else {
vErrors.push(err109);
}
errors++;
}
var _valid4 = _errs118 === errors;
valid19 = valid19 || _valid4;
}
if(!valid19){
const err110 = {instancePath:instancePath+"/spec/health/passive/failureShare",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/failureShare/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err110];
}
else {
vErrors.push(err110);
}
errors++;
}
else {
errors = _errs115;
if(vErrors !== null){
if(_errs115){
vErrors.length = _errs115;
}
else {
vErrors = null;
}
}
}
}
if(data42.minRequests !== undefined){
let data45 = data42.minRequests;
if(!(((typeof data45 == "number") && (!(data45 % 1) && !isNaN(data45))) && (isFinite(data45)))){
const err111 = {instancePath:instancePath+"/spec/health/passive/minRequests",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/minRequests/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err111];
}
else {
vErrors.push(err111);
}
errors++;
}
if((typeof data45 == "number") && (isFinite(data45))){
if(data45 > 1000000 || isNaN(data45)){
const err112 = {instancePath:instancePath+"/spec/health/passive/minRequests",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/minRequests/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000000},message:"must be <= 1000000"};
if(vErrors === null){
vErrors = [err112];
}
else {
vErrors.push(err112);
}
errors++;
}
if(data45 < 1 || isNaN(data45)){
const err113 = {instancePath:instancePath+"/spec/health/passive/minRequests",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/minRequests/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err113];
}
else {
vErrors.push(err113);
}
errors++;
}
}
}
if(data42.interval !== undefined){
let data46 = data42.interval;
if(typeof data46 === "string"){
if(!(formats20(data46))){
const err114 = {instancePath:instancePath+"/spec/health/passive/interval",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/interval/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err114];
}
else {
vErrors.push(err114);
}
errors++;
}
}
else {
const err115 = {instancePath:instancePath+"/spec/health/passive/interval",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/interval/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err115];
}
else {
vErrors.push(err115);
}
errors++;
}
}
if(data42.ejectFor !== undefined){
let data47 = data42.ejectFor;
if(typeof data47 === "string"){
if(!(formats20(data47))){
const err116 = {instancePath:instancePath+"/spec/health/passive/ejectFor",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/ejectFor/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err116];
}
else {
vErrors.push(err116);
}
errors++;
}
}
else {
const err117 = {instancePath:instancePath+"/spec/health/passive/ejectFor",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/ejectFor/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err117];
}
else {
vErrors.push(err117);
}
errors++;
}
}
if(data42.maxEjectFor !== undefined){
let data48 = data42.maxEjectFor;
if(typeof data48 === "string"){
if(!(formats20(data48))){
const err118 = {instancePath:instancePath+"/spec/health/passive/maxEjectFor",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/maxEjectFor/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err118];
}
else {
vErrors.push(err118);
}
errors++;
}
}
else {
const err119 = {instancePath:instancePath+"/spec/health/passive/maxEjectFor",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/maxEjectFor/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err119];
}
else {
vErrors.push(err119);
}
errors++;
}
}
if(data42.panicBelow !== undefined){
let data49 = data42.panicBelow;
if(typeof data49 === "string"){
if(!(formats72(data49))){
const err120 = {instancePath:instancePath+"/spec/health/passive/panicBelow",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/panicBelow/format",keyword:"format",params:{format: "percent"},message:"must match format \""+"percent"+"\""};
if(vErrors === null){
vErrors = [err120];
}
else {
vErrors.push(err120);
}
errors++;
}
}
else {
const err121 = {instancePath:instancePath+"/spec/health/passive/panicBelow",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/properties/panicBelow/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err121];
}
else {
vErrors.push(err121);
}
errors++;
}
}
}
else {
const err122 = {instancePath:instancePath+"/spec/health/passive",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/0/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err122];
}
else {
vErrors.push(err122);
}
errors++;
}
var _valid3 = _errs109 === errors;
valid17 = valid17 || _valid3;
if(!valid17){
const _errs129 = errors;
if("off" !== data42){
const err123 = {instancePath:instancePath+"/spec/health/passive",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf/1/const",keyword:"const",params:{allowedValue: "off"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err123];
}
else {
vErrors.push(err123);
}
errors++;
}
var _valid3 = _errs129 === errors;
valid17 = valid17 || _valid3;
}
if(!valid17){
const err124 = {instancePath:instancePath+"/spec/health/passive",schemaPath:"#/properties/spec/properties/health/properties/passive/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err124];
}
else {
vErrors.push(err124);
}
errors++;
}
else {
errors = _errs108;
if(vErrors !== null){
if(_errs108){
vErrors.length = _errs108;
}
else {
vErrors = null;
}
}
}
}
}
else {
const err125 = {instancePath:instancePath+"/spec/health",schemaPath:"#/properties/spec/properties/health/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err125];
}
else {
vErrors.push(err125);
}
errors++;
}
}
if(data8.breaker !== undefined){
let data50 = data8.breaker;
if(data50 && typeof data50 == "object" && !Array.isArray(data50)){
for(const key13 in data50){
if(!((((key13 === "failureShare") || (key13 === "minRequests")) || (key13 === "window")) || (key13 === "openFor"))){
const err126 = {instancePath:instancePath+"/spec/breaker",schemaPath:"#/properties/spec/properties/breaker/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key13},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err126];
}
else {
vErrors.push(err126);
}
errors++;
}
}
if(data50.failureShare !== undefined){
let data51 = data50.failureShare;
if(typeof data51 === "string"){
if(!(formats72(data51))){
const err127 = {instancePath:instancePath+"/spec/breaker/failureShare",schemaPath:"#/properties/spec/properties/breaker/properties/failureShare/format",keyword:"format",params:{format: "percent"},message:"must match format \""+"percent"+"\""};
if(vErrors === null){
vErrors = [err127];
}
else {
vErrors.push(err127);
}
errors++;
}
}
else {
const err128 = {instancePath:instancePath+"/spec/breaker/failureShare",schemaPath:"#/properties/spec/properties/breaker/properties/failureShare/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err128];
}
else {
vErrors.push(err128);
}
errors++;
}
}
if(data50.minRequests !== undefined){
let data52 = data50.minRequests;
if(!(((typeof data52 == "number") && (!(data52 % 1) && !isNaN(data52))) && (isFinite(data52)))){
const err129 = {instancePath:instancePath+"/spec/breaker/minRequests",schemaPath:"#/properties/spec/properties/breaker/properties/minRequests/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err129];
}
else {
vErrors.push(err129);
}
errors++;
}
if((typeof data52 == "number") && (isFinite(data52))){
if(data52 > 1000000 || isNaN(data52)){
const err130 = {instancePath:instancePath+"/spec/breaker/minRequests",schemaPath:"#/properties/spec/properties/breaker/properties/minRequests/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000000},message:"must be <= 1000000"};
if(vErrors === null){
vErrors = [err130];
}
else {
vErrors.push(err130);
}
errors++;
}
if(data52 < 1 || isNaN(data52)){
const err131 = {instancePath:instancePath+"/spec/breaker/minRequests",schemaPath:"#/properties/spec/properties/breaker/properties/minRequests/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1"};
if(vErrors === null){
vErrors = [err131];
}
else {
vErrors.push(err131);
}
errors++;
}
}
}
if(data50.window !== undefined){
let data53 = data50.window;
if(typeof data53 === "string"){
if(!(formats20(data53))){
const err132 = {instancePath:instancePath+"/spec/breaker/window",schemaPath:"#/properties/spec/properties/breaker/properties/window/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err132];
}
else {
vErrors.push(err132);
}
errors++;
}
}
else {
const err133 = {instancePath:instancePath+"/spec/breaker/window",schemaPath:"#/properties/spec/properties/breaker/properties/window/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err133];
}
else {
vErrors.push(err133);
}
errors++;
}
}
if(data50.openFor !== undefined){
let data54 = data50.openFor;
if(typeof data54 === "string"){
if(!(formats20(data54))){
const err134 = {instancePath:instancePath+"/spec/breaker/openFor",schemaPath:"#/properties/spec/properties/breaker/properties/openFor/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err134];
}
else {
vErrors.push(err134);
}
errors++;
}
}
else {
const err135 = {instancePath:instancePath+"/spec/breaker/openFor",schemaPath:"#/properties/spec/properties/breaker/properties/openFor/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err135];
}
else {
vErrors.push(err135);
}
errors++;
}
}
}
else {
const err136 = {instancePath:instancePath+"/spec/breaker",schemaPath:"#/properties/spec/properties/breaker/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err136];
}
else {
vErrors.push(err136);
}
errors++;
}
}
if(data8.retry !== undefined){
let data55 = data8.retry;
if(data55 && typeof data55 == "object" && !Array.isArray(data55)){
for(const key14 in data55){
if(!(((((key14 === "on") || (key14 === "attempts")) || (key14 === "perTry")) || (key14 === "budget")) || (key14 === "backoff"))){
const err137 = {instancePath:instancePath+"/spec/retry",schemaPath:"#/properties/spec/properties/retry/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key14},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err137];
}
else {
vErrors.push(err137);
}
errors++;
}
}
if(data55.on !== undefined){
let data56 = data55.on;
if(Array.isArray(data56)){
if(data56.length > 32){
const err138 = {instancePath:instancePath+"/spec/retry/on",schemaPath:"#/properties/spec/properties/retry/properties/on/maxItems",keyword:"maxItems",params:{limit: 32},message:"must NOT have more than 32 items"};
if(vErrors === null){
vErrors = [err138];
}
else {
vErrors.push(err138);
}
errors++;
}
const len1 = data56.length;
for(let i1=0; i1<len1; i1++){
let data57 = data56[i1];
const _errs147 = errors;
let valid24 = false;
const _errs148 = errors;
if(typeof data57 !== "string"){
const err139 = {instancePath:instancePath+"/spec/retry/on/" + i1,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/0/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err139];
}
else {
vErrors.push(err139);
}
errors++;
}
if(!((((data57 === "connect") || (data57 === "reset")) || (data57 === "timeout")) || (data57 === "refused-stream"))){
const err140 = {instancePath:instancePath+"/spec/retry/on/" + i1,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/0/enum",keyword:"enum",params:{allowedValues: schema13.properties.spec.properties.retry.properties.on.items.anyOf[0].enum},message:"must be equal to one of the allowed values"};
if(vErrors === null){
vErrors = [err140];
}
else {
vErrors.push(err140);
}
errors++;
}
var _valid5 = _errs148 === errors;
valid24 = valid24 || _valid5;
if(!valid24){
const _errs150 = errors;
if(!(((typeof data57 == "number") && (!(data57 % 1) && !isNaN(data57))) && (isFinite(data57)))){
const err141 = {instancePath:instancePath+"/spec/retry/on/" + i1,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/1/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err141];
}
else {
vErrors.push(err141);
}
errors++;
}
if((typeof data57 == "number") && (isFinite(data57))){
if(data57 > 599 || isNaN(data57)){
const err142 = {instancePath:instancePath+"/spec/retry/on/" + i1,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/1/maximum",keyword:"maximum",params:{comparison: "<=", limit: 599},message:"must be <= 599"};
if(vErrors === null){
vErrors = [err142];
}
else {
vErrors.push(err142);
}
errors++;
}
if(data57 < 400 || isNaN(data57)){
const err143 = {instancePath:instancePath+"/spec/retry/on/" + i1,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf/1/minimum",keyword:"minimum",params:{comparison: ">=", limit: 400},message:"must be >= 400"};
if(vErrors === null){
vErrors = [err143];
}
else {
vErrors.push(err143);
}
errors++;
}
}
var _valid5 = _errs150 === errors;
valid24 = valid24 || _valid5;
}
if(!valid24){
const err144 = {instancePath:instancePath+"/spec/retry/on/" + i1,schemaPath:"#/properties/spec/properties/retry/properties/on/items/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err144];
}
else {
vErrors.push(err144);
}
errors++;
}
else {
errors = _errs147;
if(vErrors !== null){
if(_errs147){
vErrors.length = _errs147;
}
else {
vErrors = null;
}
}
}
}
}
else {
const err145 = {instancePath:instancePath+"/spec/retry/on",schemaPath:"#/properties/spec/properties/retry/properties/on/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err145];
}
else {
vErrors.push(err145);
}
errors++;
}
}
if(data55.attempts !== undefined){
let data58 = data55.attempts;
if(!(((typeof data58 == "number") && (!(data58 % 1) && !isNaN(data58))) && (isFinite(data58)))){
const err146 = {instancePath:instancePath+"/spec/retry/attempts",schemaPath:"#/properties/spec/properties/retry/properties/attempts/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err146];
}
else {
vErrors.push(err146);
}
errors++;
}
if((typeof data58 == "number") && (isFinite(data58))){
if(data58 > 10 || isNaN(data58)){
const err147 = {instancePath:instancePath+"/spec/retry/attempts",schemaPath:"#/properties/spec/properties/retry/properties/attempts/maximum",keyword:"maximum",params:{comparison: "<=", limit: 10},message:"must be <= 10"};
if(vErrors === null){
vErrors = [err147];
}
else {
vErrors.push(err147);
}
errors++;
}
if(data58 < 0 || isNaN(data58)){
const err148 = {instancePath:instancePath+"/spec/retry/attempts",schemaPath:"#/properties/spec/properties/retry/properties/attempts/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};
if(vErrors === null){
vErrors = [err148];
}
else {
vErrors.push(err148);
}
errors++;
}
}
}
if(data55.perTry !== undefined){
let data59 = data55.perTry;
if(typeof data59 === "string"){
if(!(formats34(data59))){
const err149 = {instancePath:instancePath+"/spec/retry/perTry",schemaPath:"#/properties/spec/properties/retry/properties/perTry/format",keyword:"format",params:{format: "timeout-or-off"},message:"must match format \""+"timeout-or-off"+"\""};
if(vErrors === null){
vErrors = [err149];
}
else {
vErrors.push(err149);
}
errors++;
}
}
else {
const err150 = {instancePath:instancePath+"/spec/retry/perTry",schemaPath:"#/properties/spec/properties/retry/properties/perTry/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err150];
}
else {
vErrors.push(err150);
}
errors++;
}
}
if(data55.budget !== undefined){
let data60 = data55.budget;
if(typeof data60 === "string"){
if(!(formats72(data60))){
const err151 = {instancePath:instancePath+"/spec/retry/budget",schemaPath:"#/properties/spec/properties/retry/properties/budget/format",keyword:"format",params:{format: "percent"},message:"must match format \""+"percent"+"\""};
if(vErrors === null){
vErrors = [err151];
}
else {
vErrors.push(err151);
}
errors++;
}
}
else {
const err152 = {instancePath:instancePath+"/spec/retry/budget",schemaPath:"#/properties/spec/properties/retry/properties/budget/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err152];
}
else {
vErrors.push(err152);
}
errors++;
}
}
if(data55.backoff !== undefined){
let data61 = data55.backoff;
if(data61 && typeof data61 == "object" && !Array.isArray(data61)){
for(const key15 in data61){
if(!((key15 === "base") || (key15 === "max"))){
const err153 = {instancePath:instancePath+"/spec/retry/backoff",schemaPath:"#/properties/spec/properties/retry/properties/backoff/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key15},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err153];
}
else {
vErrors.push(err153);
}
errors++;
}
}
if(data61.base !== undefined){
let data62 = data61.base;
if(typeof data62 === "string"){
if(!(formats20(data62))){
const err154 = {instancePath:instancePath+"/spec/retry/backoff/base",schemaPath:"#/properties/spec/properties/retry/properties/backoff/properties/base/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err154];
}
else {
vErrors.push(err154);
}
errors++;
}
}
else {
const err155 = {instancePath:instancePath+"/spec/retry/backoff/base",schemaPath:"#/properties/spec/properties/retry/properties/backoff/properties/base/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err155];
}
else {
vErrors.push(err155);
}
errors++;
}
}
if(data61.max !== undefined){
let data63 = data61.max;
if(typeof data63 === "string"){
if(!(formats20(data63))){
const err156 = {instancePath:instancePath+"/spec/retry/backoff/max",schemaPath:"#/properties/spec/properties/retry/properties/backoff/properties/max/format",keyword:"format",params:{format: "timeout"},message:"must match format \""+"timeout"+"\""};
if(vErrors === null){
vErrors = [err156];
}
else {
vErrors.push(err156);
}
errors++;
}
}
else {
const err157 = {instancePath:instancePath+"/spec/retry/backoff/max",schemaPath:"#/properties/spec/properties/retry/properties/backoff/properties/max/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err157];
}
else {
vErrors.push(err157);
}
errors++;
}
}
}
else {
const err158 = {instancePath:instancePath+"/spec/retry/backoff",schemaPath:"#/properties/spec/properties/retry/properties/backoff/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err158];
}
else {
vErrors.push(err158);
}
errors++;
}
}
}
else {
const err159 = {instancePath:instancePath+"/spec/retry",schemaPath:"#/properties/spec/properties/retry/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err159];
}
else {
vErrors.push(err159);
}
errors++;
}
}
if(data8.tls !== undefined){
let data64 = data8.tls;
if(data64 && typeof data64 == "object" && !Array.isArray(data64)){
for(const key16 in data64){
if(!(((((key16 === "ca") || (key16 === "serverName")) || (key16 === "verify")) || (key16 === "cert")) || (key16 === "key"))){
const err160 = {instancePath:instancePath+"/spec/tls",schemaPath:"#/properties/spec/properties/tls/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key16},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err160];
}
else {
vErrors.push(err160);
}
errors++;
}
}
if(data64.ca !== undefined){
let data65 = data64.ca;
if(typeof data65 === "string"){
if(!(formats10(data65))){
const err161 = {instancePath:instancePath+"/spec/tls/ca",schemaPath:"#/properties/spec/properties/tls/properties/ca/format",keyword:"format",params:{format: "secret"},message:"must match format \""+"secret"+"\""};
if(vErrors === null){
vErrors = [err161];
}
else {
vErrors.push(err161);
}
errors++;
}
}
else {
const err162 = {instancePath:instancePath+"/spec/tls/ca",schemaPath:"#/properties/spec/properties/tls/properties/ca/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err162];
}
else {
vErrors.push(err162);
}
errors++;
}
}
if(data64.serverName !== undefined){
let data66 = data64.serverName;
if(typeof data66 === "string"){
if(!(formats154(data66))){
const err163 = {instancePath:instancePath+"/spec/tls/serverName",schemaPath:"#/properties/spec/properties/tls/properties/serverName/format",keyword:"format",params:{format: "host-name"},message:"must match format \""+"host-name"+"\""};
if(vErrors === null){
vErrors = [err163];
}
else {
vErrors.push(err163);
}
errors++;
}
}
else {
const err164 = {instancePath:instancePath+"/spec/tls/serverName",schemaPath:"#/properties/spec/properties/tls/properties/serverName/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err164];
}
else {
vErrors.push(err164);
}
errors++;
}
}
if(data64.verify !== undefined){
if(typeof data64.verify !== "boolean"){
const err165 = {instancePath:instancePath+"/spec/tls/verify",schemaPath:"#/properties/spec/properties/tls/properties/verify/type",keyword:"type",params:{type: "boolean"},message:"must be boolean"};
if(vErrors === null){
vErrors = [err165];
}
else {
vErrors.push(err165);
}
errors++;
}
}
if(data64.cert !== undefined){
let data68 = data64.cert;
if(typeof data68 === "string"){
if(!(formats10(data68))){
const err166 = {instancePath:instancePath+"/spec/tls/cert",schemaPath:"#/properties/spec/properties/tls/properties/cert/format",keyword:"format",params:{format: "secret"},message:"must match format \""+"secret"+"\""};
if(vErrors === null){
vErrors = [err166];
}
else {
vErrors.push(err166);
}
errors++;
}
}
else {
const err167 = {instancePath:instancePath+"/spec/tls/cert",schemaPath:"#/properties/spec/properties/tls/properties/cert/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err167];
}
else {
vErrors.push(err167);
}
errors++;
}
}
if(data64.key !== undefined){
let data69 = data64.key;
if(typeof data69 === "string"){
if(!(formats10(data69))){
const err168 = {instancePath:instancePath+"/spec/tls/key",schemaPath:"#/properties/spec/properties/tls/properties/key/format",keyword:"format",params:{format: "secret"},message:"must match format \""+"secret"+"\""};
if(vErrors === null){
vErrors = [err168];
}
else {
vErrors.push(err168);
}
errors++;
}
}
else {
const err169 = {instancePath:instancePath+"/spec/tls/key",schemaPath:"#/properties/spec/properties/tls/properties/key/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err169];
}
else {
vErrors.push(err169);
}
errors++;
}
}
}
else {
const err170 = {instancePath:instancePath+"/spec/tls",schemaPath:"#/properties/spec/properties/tls/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err170];
}
else {
vErrors.push(err170);
}
errors++;
}
}
}
else {
const err171 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err171];
}
else {
vErrors.push(err171);
}
errors++;
}
}
}
else {
const err172 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err172];
}
else {
vErrors.push(err172);
}
errors++;
}
validate12.errors = vErrors;
return errors === 0;
}
const export3 = validate13;
const formats200 = formats["key-hash"];
const formats202 = formats.timestamp;
function validate13(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.apiVersion === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "apiVersion"},message:"must have required property '"+"apiVersion"+"'"};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.kind === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "kind"},message:"must have required property '"+"kind"+"'"};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.metadata === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "metadata"},message:"must have required property '"+"metadata"+"'"};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(data.spec === undefined){
const err3 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "spec"},message:"must have required property '"+"spec"+"'"};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
for(const key0 in data){
if(!((((key0 === "apiVersion") || (key0 === "kind")) || (key0 === "metadata")) || (key0 === "spec"))){
const err4 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.apiVersion !== undefined){
if("postern/v1" !== data.apiVersion){
const err5 = {instancePath:instancePath+"/apiVersion",schemaPath:"#/properties/apiVersion/const",keyword:"const",params:{allowedValue: "postern/v1"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.kind !== undefined){
if("Consumer" !== data.kind){
const err6 = {instancePath:instancePath+"/kind",schemaPath:"#/properties/kind/const",keyword:"const",params:{allowedValue: "Consumer"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.metadata !== undefined){
let data2 = data.metadata;
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
if(data2.name === undefined){
const err7 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'"};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
for(const key1 in data2){
if(!(((key1 === "name") || (key1 === "labels")) || (key1 === "annotations"))){
const err8 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data2.name !== undefined){
let data3 = data2.name;
if(typeof data3 === "string"){
if(!(formats0(data3))){
const err9 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data2.labels !== undefined){
let data4 = data2.labels;
if(data4 && typeof data4 == "object" && !Array.isArray(data4)){
for(const key2 in data4){
let data5 = data4[key2];
if(typeof data5 === "string"){
if(!(formats2(data5))){
const err11 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
else {
const err12 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
}
else {
const err13 = {instancePath:instancePath+"/metadata/labels",schemaPath:"#/properties/metadata/properties/labels/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data2.annotations !== undefined){
let data6 = data2.annotations;
if(data6 && typeof data6 == "object" && !Array.isArray(data6)){
for(const key3 in data6){
let data7 = data6[key3];
if(typeof data7 === "string"){
if(!(formats2(data7))){
const err14 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
else {
const err15 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
else {
const err16 = {instancePath:instancePath+"/metadata/annotations",schemaPath:"#/properties/metadata/properties/annotations/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
}
else {
const err17 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data.spec !== undefined){
let data8 = data.spec;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
if(data8.keys === undefined){
const err18 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/required",keyword:"required",params:{missingProperty: "keys"},message:"must have required property '"+"keys"+"'"};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
for(const key4 in data8){
if(!(key4 === "keys")){
const err19 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key4},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
if(data8.keys !== undefined){
let data9 = data8.keys;
if(Array.isArray(data9)){
if(data9.length > 2){
const err20 = {instancePath:instancePath+"/spec/keys",schemaPath:"#/properties/spec/properties/keys/maxItems",keyword:"maxItems",params:{limit: 2},message:"must NOT have more than 2 items"};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
if(data9.length < 1){
const err21 = {instancePath:instancePath+"/spec/keys",schemaPath:"#/properties/spec/properties/keys/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
const len0 = data9.length;
for(let i0=0; i0<len0; i0++){
let data10 = data9[i0];
if(data10 && typeof data10 == "object" && !Array.isArray(data10)){
if(data10.hash === undefined){
const err22 = {instancePath:instancePath+"/spec/keys/" + i0,schemaPath:"#/properties/spec/properties/keys/items/required",keyword:"required",params:{missingProperty: "hash"},message:"must have required property '"+"hash"+"'"};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
for(const key5 in data10){
if(!((key5 === "hash") || (key5 === "expires"))){
const err23 = {instancePath:instancePath+"/spec/keys/" + i0,schemaPath:"#/properties/spec/properties/keys/items/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key5},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
if(data10.hash !== undefined){
let data11 = data10.hash;
if(typeof data11 === "string"){
if(!(formats200(data11))){
const err24 = {instancePath:instancePath+"/spec/keys/" + i0+"/hash",schemaPath:"#/properties/spec/properties/keys/items/properties/hash/format",keyword:"format",params:{format: "key-hash"},message:"must match format \""+"key-hash"+"\""};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
else {
const err25 = {instancePath:instancePath+"/spec/keys/" + i0+"/hash",schemaPath:"#/properties/spec/properties/keys/items/properties/hash/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
if(data10.expires !== undefined){
let data12 = data10.expires;
if(typeof data12 === "string"){
if(!(formats202(data12))){
const err26 = {instancePath:instancePath+"/spec/keys/" + i0+"/expires",schemaPath:"#/properties/spec/properties/keys/items/properties/expires/format",keyword:"format",params:{format: "timestamp"},message:"must match format \""+"timestamp"+"\""};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
}
else {
const err27 = {instancePath:instancePath+"/spec/keys/" + i0+"/expires",schemaPath:"#/properties/spec/properties/keys/items/properties/expires/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
}
else {
const err28 = {instancePath:instancePath+"/spec/keys/" + i0,schemaPath:"#/properties/spec/properties/keys/items/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
}
}
else {
const err29 = {instancePath:instancePath+"/spec/keys",schemaPath:"#/properties/spec/properties/keys/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
}
}
}
else {
const err30 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
}
}
else {
const err31 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err31];
}
else {
vErrors.push(err31);
}
errors++;
}
validate13.errors = vErrors;
return errors === 0;
}
const export4 = validate14;
function validate14(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.apiVersion === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "apiVersion"},message:"must have required property '"+"apiVersion"+"'"};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.kind === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "kind"},message:"must have required property '"+"kind"+"'"};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.metadata === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "metadata"},message:"must have required property '"+"metadata"+"'"};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(data.spec === undefined){
const err3 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "spec"},message:"must have required property '"+"spec"+"'"};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
for(const key0 in data){
if(!((((key0 === "apiVersion") || (key0 === "kind")) || (key0 === "metadata")) || (key0 === "spec"))){
const err4 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.apiVersion !== undefined){
if("postern/v1" !== data.apiVersion){
const err5 = {instancePath:instancePath+"/apiVersion",schemaPath:"#/properties/apiVersion/const",keyword:"const",params:{allowedValue: "postern/v1"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.kind !== undefined){
if("PolicySet" !== data.kind){
const err6 = {instancePath:instancePath+"/kind",schemaPath:"#/properties/kind/const",keyword:"const",params:{allowedValue: "PolicySet"},message:"must be equal to constant"};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.metadata !== undefined){
let data2 = data.metadata;
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
if(data2.name === undefined){
const err7 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'"};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
for(const key1 in data2){
if(!(((key1 === "name") || (key1 === "labels")) || (key1 === "annotations"))){
const err8 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data2.name !== undefined){
let data3 = data2.name;
if(typeof data3 === "string"){
if(!(formats0(data3))){
const err9 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/format",keyword:"format",params:{format: "name"},message:"must match format \""+"name"+"\""};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/metadata/name",schemaPath:"#/properties/metadata/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data2.labels !== undefined){
let data4 = data2.labels;
if(data4 && typeof data4 == "object" && !Array.isArray(data4)){
for(const key2 in data4){
let data5 = data4[key2];
if(typeof data5 === "string"){
if(!(formats2(data5))){
const err11 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
else {
const err12 = {instancePath:instancePath+"/metadata/labels/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/labels/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
}
else {
const err13 = {instancePath:instancePath+"/metadata/labels",schemaPath:"#/properties/metadata/properties/labels/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data2.annotations !== undefined){
let data6 = data2.annotations;
if(data6 && typeof data6 == "object" && !Array.isArray(data6)){
for(const key3 in data6){
let data7 = data6[key3];
if(typeof data7 === "string"){
if(!(formats2(data7))){
const err14 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/format",keyword:"format",params:{format: "text"},message:"must match format \""+"text"+"\""};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
else {
const err15 = {instancePath:instancePath+"/metadata/annotations/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/metadata/properties/annotations/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
else {
const err16 = {instancePath:instancePath+"/metadata/annotations",schemaPath:"#/properties/metadata/properties/annotations/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
}
else {
const err17 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data.spec !== undefined){
let data8 = data.spec;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
if(data8.policies === undefined){
const err18 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/required",keyword:"required",params:{missingProperty: "policies"},message:"must have required property '"+"policies"+"'"};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
for(const key4 in data8){
if(!(key4 === "policies")){
const err19 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key4},message:"must NOT have additional properties"};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
if(data8.policies !== undefined){
let data9 = data8.policies;
if(Array.isArray(data9)){
if(data9.length > 64){
const err20 = {instancePath:instancePath+"/spec/policies",schemaPath:"#/properties/spec/properties/policies/maxItems",keyword:"maxItems",params:{limit: 64},message:"must NOT have more than 64 items"};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
const len0 = data9.length;
for(let i0=0; i0<len0; i0++){
let data10 = data9[i0];
if(data10 && typeof data10 == "object" && !Array.isArray(data10)){
if(Object.keys(data10).length > 1){
const err21 = {instancePath:instancePath+"/spec/policies/" + i0,schemaPath:"#/properties/spec/properties/policies/items/maxProperties",keyword:"maxProperties",params:{limit: 1},message:"must NOT have more than 1 properties"};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
if(Object.keys(data10).length < 1){
const err22 = {instancePath:instancePath+"/spec/policies/" + i0,schemaPath:"#/properties/spec/properties/policies/items/minProperties",keyword:"minProperties",params:{limit: 1},message:"must NOT have fewer than 1 properties"};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
else {
const err23 = {instancePath:instancePath+"/spec/policies/" + i0,schemaPath:"#/properties/spec/properties/policies/items/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
}
else {
const err24 = {instancePath:instancePath+"/spec/policies",schemaPath:"#/properties/spec/properties/policies/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
}
else {
const err25 = {instancePath:instancePath+"/spec",schemaPath:"#/properties/spec/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
}
else {
const err26 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
validate14.errors = vErrors;
return errors === 0;
}

export const kindValidators: { readonly [name: string]: Validator } = {
  "Gateway": export0,
  "Api": export1,
  "Backend": export2,
  "Consumer": export3,
  "PolicySet": export4,
}
